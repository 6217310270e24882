"""LFlow is exact: continuity, mass, trajectories and velocity belong together."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import jacrev, vmap
from torchdiffeq import odeint

from ncl_deepxde.evaluation.solution import continuity_error
from ncl_deepxde.flows import Ball, Box
from ncl_deepxde.nn import LFlow

# Relative to the largest single term of the sum; 1e-10 is promised in float64.
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}

DOMAINS = {
    "space": lambda d: None,
    "box": lambda d: Box([-1.2] * d, [1.0 + 0.1 * k for k in range(d)]),
    "ball": lambda d: Ball([0.05] * d, 1.1),
}


def points(n, d):
    """Return inputs that lie in every domain of the list."""
    return torch.cat([1.2 * (torch.rand(n, d) - 0.5), torch.rand(n, 1)], dim=1)


def lflow(d, domain="space", *, motion=0.1, **options):
    """Return a started network that moves; ``motion`` scales what depends on time."""
    sizes = {"blocks": 2, "depth": 2, "width": 6, "time_embedding": (6, 6)}
    net = LFlow(d, domain=DOMAINS[domain](d), **(sizes | options))
    net(points(64, d))
    with torch.no_grad():
        net.flow.conditioner.matrix.normal_(std=motion)
    return net.eval()


def train(net, x, steps):
    """Take a few Adam steps towards other values and slopes."""
    net.train()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(steps):
        x = x.clone().requires_grad_()
        y = net(x)
        (gx,) = torch.autograd.grad(y[:, 1].sum(), x, create_graph=True)
        optimizer.zero_grad()
        ((y[:, 0] - 1).square().mean() + 0.1 * gx.square().mean()).backward()
        optimizer.step()
    net.eval()


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("output", ["flux", "velocity"])
def test_continuity_holds_to_round_off(dtype, output, domain) -> None:
    @settings(derandomize=True, deadline=None, max_examples=4, database=None)
    @given(st.data())
    def check(data) -> None:
        d = data.draw(st.integers(1, 3))
        torch.manual_seed(data.draw(st.integers(0, 99)))
        net = lflow(
            d,
            domain,
            output=output,
            affine=data.draw(st.booleans()),
            learn_mass=data.draw(st.booleans()),
            total_mass=data.draw(st.sampled_from([1.0, 1e-3, 50.0])),
        )
        x = points(7, d)
        train(net, x, data.draw(st.sampled_from([0, 3])))
        assert net(x).dtype == dtype
        assert bool((net.density(x) > 0).all())
        columns = (w.detach().numpy() for w in (x[:, :d], x[:, d:]))
        assert continuity_error(net, *columns).relative < LIMITS[dtype]

    check()


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_outputs_belong_together(d, n) -> None:
    torch.manual_seed(3)
    flux = lflow(d, extras=2)
    torch.manual_seed(3)
    velocity = lflow(d, extras=2, output="velocity")
    x = points(n, d)
    rho, u = flux.density(x), flux.velocity(x)
    assert (rho.shape, u.shape, flux.log_density(x).shape) == ((n, 1), (n, d), (n, 1))
    assert flux(x).shape == velocity(x).shape == (n, d + 3)
    equal = {"rtol": 1e-13, "atol": 1e-14}
    torch.testing.assert_close(flux.log_density(x).exp(), rho, **equal)
    torch.testing.assert_close(flux.flux(x), torch.cat([rho, rho * u], 1), **equal)
    torch.testing.assert_close(flux(x)[:, : d + 1], flux.flux(x), **equal)
    torch.testing.assert_close(velocity(x)[:, 1 : d + 1], u, **equal)
    torch.testing.assert_close(velocity.flux(x), flux.flux(x), **equal)
    torch.testing.assert_close(velocity(x)[:, d + 1 :], flux.free(x), **equal)


def mass_of(net, x, weights, time):
    """Return the quadrature of the density over points (N, d) with weights (N,)."""
    with torch.no_grad():
        rho = net.density(torch.cat([x, torch.full((len(x), 1), time)], dim=1))
    return float((rho[:, 0] * weights).sum())


def gauss_legendre(n, low, high):
    x, w = (torch.as_tensor(v) for v in np.polynomial.legendre.leggauss(n))
    return low + (high - low) * (x + 1) / 2, (high - low) / 2 * w


def tensor_grid(axes):
    """Return the points and weights of the product of rules (x, w)."""
    x = torch.stack(torch.meshgrid(*(x for x, _ in axes), indexing="ij"), dim=-1)
    w = torch.stack(torch.meshgrid(*(w for _, w in axes), indexing="ij"), dim=-1)
    return x.flatten(0, -2), w.flatten(0, -2).prod(dim=-1)


def rule(domain, d):
    """Return quadrature points and weights of a domain of the list."""
    if domain == "space":  # the density is below 1e-20 beyond
        return tensor_grid([gauss_legendre(400 if d == 2 else 900, -9.0, 9.0)] * d)
    if domain == "box" or d == 1:
        box = DOMAINS[domain](d)
        half = box.half_side if domain == "box" else torch.full((1,), box.radius)
        return tensor_grid(
            [
                gauss_legendre(250, c - h, c + h)
                for c, h in zip(box.center.tolist(), half.tolist(), strict=True)
            ]
        )
    r, w = gauss_legendre(120, 0.0, 1.1)
    angle = torch.arange(160) * (2 * math.pi / 160)
    grid, weights = tensor_grid([(r, w * r), (angle, torch.full_like(angle, angle[1]))])
    directions = torch.stack([grid[:, 1].cos(), grid[:, 1].sin()], dim=1)
    return 0.05 + grid[:, :1] * directions, weights


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("d", [1, 2])
def test_density_integrates_to_the_total_mass(d, domain) -> None:
    net = lflow(d, domain, total_mass=2.5, frequency=6.0)
    x, weights = rule(domain, d)
    for time in 0.0, 0.7:
        # The promise is 1e-6; Gauss's rule resolves the waves of the sine.
        assert mass_of(net, x, weights, time) == pytest.approx(2.5, rel=1e-6)


def test_mass_stays_when_trained(dtype) -> None:
    net = lflow(2, "box", total_mass=2.5, frequency=6.0)
    train(net, points(50, 2), 5)
    x, weights = (w.to(dtype) for w in rule("box", 2))
    # float32: a log density of about 10 rounds by 10 eps.
    limit = 1e-6 if dtype == torch.float64 else 1e-5
    assert mass_of(net, x, weights, 0.4) == pytest.approx(2.5, rel=limit)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_there_and_back(d, domain, dtype) -> None:
    net = lflow(d, domain, lipschitz=0.9)
    x, t = points(30, d).split([d, 1], dim=1)
    with torch.no_grad():
        there = net.transport(x, 0.0, t)
        back = net.transport(there, t, 0.0)
        assert there.shape == (30, d)
        assert float((there - x).norm(dim=1).median()) > 1e-3
        # The promise is 1e-8; two inverses, of condition numbers up to some 100.
        limit = 1e-8 if dtype == torch.float64 else 1e-3
        torch.testing.assert_close(back, x, rtol=0, atol=limit)
        halfway = net.transport(net.transport(x, 0.0, 0.4), 0.4, 0.9)
        whole = net.transport(x, 0.0, 0.9)
    torch.testing.assert_close(halfway, whole, rtol=0, atol=limit)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_transport_integrates_the_velocity(d, domain) -> None:
    """Positions follow u, and the density along them follows its divergence."""
    net = lflow(d, domain, motion=0.05, lipschitz=0.8, frequency=6.0)
    x = points(10, d)[:, :d]

    def rate(t, state):
        inputs = torch.cat([state[:, :d], t.expand(len(state), 1)], dim=1)
        # Points are independent: the sum over them has each one's own derivative.
        J = jacrev(lambda z: net.velocity(z).sum(dim=0))(inputs)
        divergence = J[:, :, :d].diagonal(dim1=0, dim2=2).sum(dim=1, keepdim=True)
        return torch.cat([net.velocity(inputs), -divergence], dim=1)

    with torch.no_grad():
        starts = torch.cat([x, torch.full((10, 1), 0.1)], dim=1)
        state = torch.cat([x, net.log_density(starts)], dim=1)
        times = torch.tensor([0.1, 0.9])
        # A step ends at the last time, where the solver would interpolate otherwise.
        exactly = {"step_t": times[1:]}
        state = odeint(
            rate, state, times, rtol=1e-8, atol=1e-8, method="dopri8", options=exactly
        )
        state = state[-1]
        moved = net.transport(x, 0.1, 0.9)
        ends = torch.cat([moved, torch.full((10, 1), 0.9)], dim=1)
        log_rho = net.log_density(ends)
    # The promise is 1e-6; the integrator's tolerance is 1e-8 per step.
    torch.testing.assert_close(state[:, :d], moved, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(state[:, d:], log_rho, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_velocity_is_the_rate_of_transport(d, domain) -> None:
    net = lflow(d, domain)
    x, t = points(20, d).split([d, 1], dim=1)
    h = 1e-3
    with torch.no_grad():
        steps = {k: net.transport(x, t, t + k * h) for k in (-2, -1, 1, 2)}
        found = 8 * (steps[1] - steps[-1]) - (steps[2] - steps[-2])
        u = net.velocity(torch.cat([x, t], dim=1))
    # Differences of order four: h^4 = 1e-12 times the fifth derivative, 1e-14 / h.
    limit = 1e-7 * float(u.abs().max())
    torch.testing.assert_close(found / (12 * h), u, rtol=0, atol=limit)


def test_transport_is_differentiable_by_points_times_and_weights() -> None:
    net = lflow(2, "box")
    x, t = points(3, 2).split([2, 1], dim=1)
    x.requires_grad_()
    end = torch.tensor(0.8, requires_grad=True)

    def moved(x, t, end):
        return net.transport(x, t, end)

    t = t.clone().requires_grad_()
    assert torch.autograd.gradcheck(moved, (x, t, end), atol=1e-5, rtol=1e-5)
    (rate,) = torch.autograd.grad(moved(x, t, end)[0, 0], end)
    at_end = torch.cat([moved(x, t, end), end.expand(3, 1)], dim=1).detach()
    assert float(rate) == pytest.approx(float(net.velocity(at_end)[0, 0].detach()))
    loss = moved(x, t, end).square().sum()
    found = torch.autograd.grad(loss, net.flow.conditioner.matrix)[0]
    direction, h = torch.randn_like(found), 1e-5
    values = []
    for sign in 1, -1:
        with torch.no_grad():
            net.flow.conditioner.matrix.add_(sign * h * direction)
            values.append(float(moved(x, t, end).square().sum()))
            net.flow.conditioner.matrix.sub_(sign * h * direction)
    expected = (values[0] - values[1]) / (2 * h)
    assert float((found * direction).sum()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("domain", DOMAINS)
def test_samples_have_the_moments_of_the_density(domain) -> None:
    net = lflow(2, domain, total_mass=3.0, frequency=6.0)
    n, time = 20000, 0.6
    sample = net.sample(n, time, torch.Generator().manual_seed(1))
    assert sample.shape == (n, 2)
    x, weights = rule(domain, 2)

    def moments(z):
        a, b = z[:, 0], z[:, 1]
        return torch.stack([a, b, a * a, a * b, b * b, a.sin() * b.cos()], dim=1)

    with torch.no_grad():
        rho = net.density(torch.cat([x, torch.full((len(x), 1), time)], dim=1))[:, 0]
    expected = (rho * weights / 3.0) @ moments(x)
    found = moments(sample)
    # Five standard errors: one of the six fails once in 3e5 draws.
    limit = 5 * found.std(dim=0) / math.sqrt(n)
    assert bool(((found.mean(dim=0) - expected).abs() < limit).all())


def test_samples_are_repeatable_and_follow_the_flow() -> None:
    net = lflow(2)
    early, late = (net.sample(9, t, torch.Generator().manual_seed(4)) for t in (0.1, 1))
    torch.testing.assert_close(net.transport(early, 0.1, 1.0), late, rtol=0, atol=1e-9)
    times = torch.tensor([[0.1], [1.0]] * 4 + [[0.1]])
    mixed = net.sample(9, times, torch.Generator().manual_seed(4))
    torch.testing.assert_close(
        mixed, torch.where(times < 0.5, early, late), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("domain", DOMAINS)
def test_no_particles_go_nowhere(domain) -> None:
    net = lflow(2, domain)
    assert net.sample(0, 0.3).shape == (0, 2)
    assert net.transport(torch.zeros(0, 2), 0.0, 1.0).shape == (0, 2)
    assert net(torch.zeros(0, 3)).shape == (0, 3)


def test_log_density_is_finite_where_the_density_underflows() -> None:
    net = lflow(2)
    far = torch.tensor([[1e4, -1e4, 0.5]])
    assert float(net.density(far).detach()) == 0
    assert math.isfinite(float(net.log_density(far).detach()))


def test_nested_transforms_differentiate_all_methods() -> None:
    net = lflow(2, "ball", output="velocity")
    x = points(4, 2)
    for method in net, net.flux, net.density, net.log_density, net.velocity:
        J = vmap(jacrev(lambda z, method=method: method(z[None])[0]))(x)
        z = x.clone().requires_grad_()
        rows = [
            torch.autograd.grad(c.sum(), z, retain_graph=True)[0]
            for c in method(z).unbind(1)
        ]
        torch.testing.assert_close(torch.stack(rows, 1), J, rtol=1e-9, atol=1e-10)


def test_float64_after_float32() -> None:
    """A network keeps the float type it was built in, and can be converted."""
    net = lflow(2, "box").float()
    x = points(5, 2)
    small = net(x.float())
    assert small.dtype == torch.float32
    torch.testing.assert_close(net.double()(x), small.double(), rtol=1e-3, atol=1e-4)
