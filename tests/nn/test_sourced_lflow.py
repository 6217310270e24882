"""A density that is carried and grows at the rate of its total mass, exactly."""

import math

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn import ContinuityLaw, LFlow, SourcedLFlow

# Relative to the largest single term of the sum, as for LFlow.
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}


def pulse(t):
    return 2 + torch.sin(5 * t)


class LearnedMass(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(1, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)
        )

    def forward(self, t):
        return self.layers(t).exp()


def network(d=2, mass=pulse, **options):
    net = LFlow(
        d, blocks=2, depth=2, width=6, time_embedding=(6, 6), total_mass=mass, **options
    )
    net(points(64, d))
    with torch.no_grad():
        net.flow.conditioner.matrix.normal_(std=0.3)
    return net.eval()


def points(n, d):
    return torch.cat([1.2 * (torch.rand(n, d) - 0.5), torch.rand(n, 1)], dim=1)


def terms_of(net, x):
    """The derivatives of rho and rho u of the balance, by torch.func, (N, d + 1)."""

    def flux(z):
        rho, u = net.density(z[None]), net.velocity(z[None])
        return torch.cat([rho * u, rho], dim=1)[0]

    return vmap(jacrev(flux))(x).diagonal(dim1=1, dim2=2).detach()


@pytest.mark.parametrize("output", ["flux", "velocity"])
@pytest.mark.parametrize("build", [lambda: pulse, LearnedMass])
def test_balance_holds_to_round_off(dtype, build, output):
    mass = build()
    if isinstance(mass, torch.nn.Module):
        mass = mass.to(dtype)
    net, x = network(mass=mass, output=output), points(7, 2)
    assert isinstance(net, SourcedLFlow)
    assert not isinstance(net, ContinuityLaw)
    assert net(x).dtype == dtype
    terms = terms_of(net, x)
    residual = terms.sum(dim=1, keepdim=True) - net.source(x).detach()
    assert float(residual.abs().max() / terms.abs().max()) < LIMITS[dtype]


def test_source_is_the_rate_of_the_mass():
    net, x = network(), points(7, 2)
    t = x[:, 2:]
    rate = 5 * torch.cos(5 * t) / pulse(t)
    expected = rate * net.density(x)
    torch.testing.assert_close(net.source(x).detach(), expected.detach())


def test_density_integrates_to_the_mass_of_its_time():
    net = network(1)
    x = torch.linspace(-30, 30, 40_001)[:, None]
    for t in (0.0, 0.3, 0.9):
        rho = net.density(torch.cat([x, torch.full_like(x, t)], dim=1)).detach()
        mass = float(torch.trapezoid(rho[:, 0], x[:, 0]))
        # the sum of equidistant points of a density in float32
        assert mass == pytest.approx(2 + math.sin(5 * t), rel=1e-5)


def test_trajectories_and_shape_are_those_of_a_constant_mass():
    torch.manual_seed(1)
    constant = network(mass=1.0)
    torch.manual_seed(1)
    net = network()
    x = points(7, 2)
    mass = pulse(x[:, 2:])
    torch.testing.assert_close(net.density(x), mass * constant.density(x))
    torch.testing.assert_close(net.velocity(x), constant.velocity(x))
    moved = net.transport(x[:, :2], 0.0, 1.0)
    torch.testing.assert_close(moved, constant.transport(x[:, :2], 0.0, 1.0))


def test_learned_mass_is_trained_to_the_data():
    """Numbers of cells that grow from 4 to about 10, by the densities alone."""
    torch.manual_seed(0)
    net = LFlow(1, blocks=1, width=4, time_embedding=(4,), total_mass=LearnedMass())
    x = torch.cat([torch.randn(200, 1), torch.rand(200, 1)], dim=1)
    target = 4 * torch.exp(0.9 * x[:, 1:]) * torch.exp(-(x[:, :1] ** 2) / 2)
    target /= math.sqrt(2 * math.pi)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
    for _ in range(200):
        optimizer.zero_grad()
        (net.density(x) - target).square().mean().backward()
        optimizer.step()
    found = net.total_mass(torch.tensor([[0.1], [0.9]])).detach().ravel()
    assert found.tolist() == pytest.approx([4.38, 8.99], rel=0.1)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"total_mass": lambda t: t - 0.5}, "positive numbers.*-0.5 as the smallest"),
        ({"total_mass": lambda t: t.exp().sum()}, r"got the shape \(\)"),
        ({"total_mass": pulse, "learn_mass": True}, "learn_mass: must be false"),
    ],
)
def test_masses_that_cannot_be_are_told(options, why):
    with pytest.raises(ValueError, match=why):
        LFlow(2, blocks=1, width=4, **options)


def test_a_constant_is_for_lflow():
    with pytest.raises(ValueError, match=r"function of time, got 2\.0. Use nn.LFlow"):
        SourcedLFlow(2, blocks=1, width=4, total_mass=2.0)
