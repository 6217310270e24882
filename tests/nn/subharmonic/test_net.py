"""SubharmonicNCL: continuity, mass, positivity, units, training, clear errors."""

import copy
import math
import re

import deepxde as dde
import numpy as np
import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.data import Observations, Table
from ncl_deepxde.evaluation.solution import continuity_error
from ncl_deepxde.nn import SubharmonicNCL

CONSTRUCTIONS = ["subharmonic", "transport"]

# Relative to the largest single term, a sum over components of a few roundings each.
LIMITS = {torch.float64: 5e-14, torch.float32: 2e-5}


def network(d, **options):
    """Return a small network whose Gaussians move, grow and exchange weight."""
    sizes = {"components": 5, "hidden": (8, 7), "solenoidal": (6, 5)}
    return SubharmonicNCL(d, **({"width": 0.7} | sizes | options))


def wide_network(d, **options):
    """Return a network whose Gaussians a grid of spacing 0.3 up to 6 resolves.

    The trapezoidal rule then errs by exp(-2 (pi sigma / h)^2) at most; tanh has poles.
    """
    net = network(d, spread=0.5, width=0.5, activation="sin", **options)
    with torch.no_grad():
        net.mixture.network.linears[-1].weight.mul_(0.3)
    return net


def points(d, n, scale=1.0):
    return torch.cat([scale * torch.randn(n, d), torch.rand(n, 1)], dim=1)


def train(net, steps):
    """Take a few Adam steps on the outputs and a derivative."""
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-2)
    for _ in range(steps):
        x = points(net.dim, 9).requires_grad_()
        y = net(x)
        (gx,) = torch.autograd.grad(y[:, 1].sum(), x, create_graph=True)
        optimizer.zero_grad()
        ((y - 0.3).square().mean() + gx.square().mean()).backward()
        optimizer.step()


def jacobian(field, x):
    return vmap(jacrev(lambda z: field(z[None])[0]))(x)


def grid(d, reach, n, t):
    """Return inputs on a grid over a box, and the volume of a cell."""
    axis = torch.linspace(-reach, reach, n)
    mesh = torch.stack(torch.meshgrid(*[axis] * d, indexing="ij"), dim=-1)
    x = mesh.reshape(-1, d)
    cell = float(axis[1] - axis[0]) ** d
    return torch.cat([x, torch.full_like(x[:, :1], t)], dim=1), cell


@pytest.mark.parametrize("steps", [0, 4])
@pytest.mark.parametrize("output", ["flux", "velocity"])
@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_continuity_holds_to_round_off(d, construction, output, steps, dtype) -> None:
    net = network(d, construction=construction, output=output, extras=1, floor=0.1)
    train(net, steps)
    x = points(d, 30, scale=2.0).numpy()
    error = continuity_error(net, x[:, :d], x[:, d:])
    assert error.largest > 0
    assert error.relative < LIMITS[dtype]


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_dde_grad_gives_the_same_derivatives(d, construction) -> None:
    net = network(d, construction=construction, extras=1)
    x = points(d, 7).requires_grad_()
    y = net(x)
    assert y.shape == (7, d + 2)
    rows = [dde.grad.jacobian(y, x, i=c) for c in range(d + 2)]
    J = jacobian(net, x.detach())
    torch.testing.assert_close(torch.stack(rows, dim=1), J, rtol=1e-12, atol=1e-14)
    h = 1e-6
    for axis in range(d + 1):
        step = h * torch.eye(d + 1)[axis]
        difference = (net(x + step) - net(x - step)) / (2 * h)
        # Rounding of the outputs over h.
        torch.testing.assert_close(difference, J[:, :, axis], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_mass_is_the_same_at_all_times(d, construction) -> None:
    """Weights sum to one whatever the network says, so only the rule errs."""
    net = wide_network(d, construction=construction, total_mass=3.0, learn_mass=True)
    train(net, 3)
    with torch.no_grad():
        net.log_mass.fill_(math.log(2.5))
        for t in (-1.0, 0.0, 0.4, 1.0):
            x, cell = grid(d, reach=6.0, n=41, t=t)
            assert float(net.density(x).sum()) * cell == pytest.approx(2.5, rel=1e-6)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_momentum_of_transport_moves_the_center_of_mass(d) -> None:
    """d/dt of the first moment is the integral of m, which decays as the density."""
    net = wide_network(d, construction="transport")

    def moment(t):
        x, cell = grid(d, reach=6.0, n=41, t=0.3)
        x = torch.cat([x[:, :d], t.expand(len(x), 1)], dim=1)
        flux = net.flux(x)
        return (x[:, :d] * flux[:, :1]).sum(dim=0) * cell, flux[:, 1:].sum(dim=0) * cell

    t = torch.tensor(0.3, requires_grad=True)
    center, momentum = moment(t)
    for i in range(d):
        (rate,) = torch.autograd.grad(center[i], t, retain_graph=True)
        torch.testing.assert_close(rate, momentum[i].detach(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_density_is_not_negative(d, construction, dtype) -> None:
    net = network(d, construction=construction)
    train(net, 3)
    x = points(d, 500, scale=5.0)
    rho = net.density(x).detach()
    assert float(net.flux(x)[:, 0].detach().min()) >= 0
    assert float(net(x)[:, 0].detach().min()) >= 0
    assert bool((rho >= 0).all())
    torch.testing.assert_close(net.log_density(x).detach().exp(), rho)
    far = points(d, 9, scale=1e4)
    assert bool(net.log_density(far).isfinite().all())


def test_constructions_move_gaussians_alike_on_a_line() -> None:
    """No divergence-free field on a line vanishes at infinity, so they must agree."""
    nets = [network(1, construction=name) for name in CONSTRUCTIONS]
    moving, carried = nets
    with torch.no_grad():
        last = moving.mixture.network.linears[-1].weight
        last[10:] = 0  # weights that stay
        other = carried.mixture.network.linears
        for mine, theirs in zip(moving.mixture.network.linears, other, strict=True):
            theirs.weight.copy_(mine.weight[: len(theirs.weight)])
            if mine.bias is not None:
                theirs.bias.copy_(mine.bias)
        carried.mixture.start.copy_(moving.mixture.start)
    x = points(1, 9)
    torch.testing.assert_close(moving.flux(x), carried.flux(x), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
def test_velocity_is_momentum_over_density(construction, dtype) -> None:
    net, x = network(2, construction=construction, total_mass=40.0), points(2, 9)
    flux = net.flux(x)
    torch.testing.assert_close(net.velocity(x) * flux[:, :1], flux[:, 1:])
    torch.testing.assert_close(net.density(x), flux[:, :1])
    other = copy.deepcopy(net)
    other.output = "velocity"
    torch.testing.assert_close(other(x)[:, 1:], net.velocity(x))
    torch.testing.assert_close(net(x), flux)


def test_velocity_fades_out_below_the_floor() -> None:
    net, x = network(2, total_mass=7.0, spread=3.0, floor=1e-3), points(2, 99, 9.0)
    floor = 1e-3 * 7.0 / 3.0**2
    rho, m = net.flux(x).detach().split([1, 2], dim=1)
    assert float(rho.min()) < floor / 10 < 10 * floor < float(rho.max())
    expected = m * rho / (rho**2 + floor**2)
    torch.testing.assert_close(net.velocity(x), expected, rtol=1e-10, atol=1e-14)
    far = torch.tensor([[1e3, 0.0, 0.5]])
    assert float(net.velocity(far).detach().abs().max()) == 0


@pytest.mark.parametrize("d", [1, 2, 3])
def test_velocity_of_transport_is_tame_without_density(d, dtype) -> None:
    """Far outside one Gaussian has all the share, and u is linear in the distance."""
    net = network(d, construction="transport")
    x = torch.zeros(3, d + 1)
    x[:, 0] = torch.tensor([1e3, 2e3, 3e3])
    assert float(net.density(x).detach().max()) == 0
    u = net.velocity(x).detach()
    assert float(u[2].norm()) > 1
    bend = u[2] - 2 * u[1] + u[0]
    # A unit of the swirl with a weight of 1e-3 is not yet saturated.
    assert float(bend.norm()) < 1e-2 * float(u[2].norm())


@pytest.mark.parametrize("output", ["flux", "velocity"])
@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_gradients_are_finite_everywhere(d, construction, output, dtype) -> None:
    """At a center, near it, far away: outputs, derivatives, parameter gradients."""
    net = network(d, construction=construction, output=output)
    center = net.mixture(torch.zeros(1, d + 1))
    c = (-center.z * center.sigma[:, None])[0, :, 0].detach()
    offsets = [0.0, 1e-20, 1e-6, 1e-2, 1.0, 30.0, 1e3, 1e5]
    rows = [torch.cat([c + r, torch.zeros(1)]) for r in offsets]
    x = torch.stack(rows).requires_grad_()
    y = net(x)
    (gx,) = torch.autograd.grad(y[:, :2].sum(), x, create_graph=True)
    (gx.square().sum() + y.square().sum()).backward()
    found = [y, gx, *(p.grad for p in net.parameters() if p.grad is not None)]
    assert all(bool(value.isfinite().all()) for value in found)


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_units_scale_the_flow(d, construction) -> None:
    """rho(x, t) = M/L^d rho'(x/L, t/T), u = L/T u': the same network in other units."""
    nets = []
    for units in {}, {"spread": 50.0, "duration": 9.0, "total_mass": 6.0, "width": 35}:
        torch.manual_seed(0)
        options = {"width": 0.7, "construction": construction, "floor": 1e-3} | units
        nets.append(SubharmonicNCL(d, components=3, hidden=(8,), **options))
    x = points(d, 7)
    y = x * torch.tensor([50.0] * d + [9.0])
    density = 6.0 / 50.0**d * nets[0].density(x)
    torch.testing.assert_close(nets[1].density(y), density, rtol=1e-11, atol=0)
    velocity = 50.0 / 9.0 * nets[0].velocity(x)
    torch.testing.assert_close(nets[1].velocity(y), velocity, rtol=1e-9, atol=1e-12)


def rotating_blob(n, generator):
    """Return inputs, density and velocity of a Gaussian that a rigid rotation turns."""
    x = 2 * torch.rand(n, 2, generator=generator) - 1
    t = torch.rand(n, 1, generator=generator)
    angle = 2 * t
    center = 0.6 * torch.cat([torch.cos(angle), torch.sin(angle)], dim=1)
    rho = torch.exp(-(x - center).square().sum(dim=1, keepdim=True) / (2 * 0.3**2))
    u = 2 * torch.stack([-x[:, 1], x[:, 0]], dim=1)
    return torch.cat([x, t], dim=1), rho / (2 * math.pi * 0.3**2), u


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
def test_training_on_a_rotating_blob_lowers_the_loss(construction) -> None:
    generator = torch.Generator().manual_seed(0)
    inputs, rho, u = rotating_blob(400, generator)
    net = network(2, construction=construction)
    data = Observations(Table(inputs, rho, u), 400, velocity="momentum")
    model = dde.Model(data, net)
    model.compile("adam", lr=1e-2, verbose=0)
    history, _ = model.train(iterations=150, display_every=150, verbose=0)
    first, last = (float(np.sum(history.loss_train[i])) for i in (0, -1))
    assert last < 0.2 * first
    x = inputs[:50].numpy()
    assert continuity_error(net, x[:, :2], x[:, 2:]).relative < 5e-14


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("extras", [0, 2])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_shapes(d, extras, n, dtype) -> None:
    net, x = network(d, extras=extras), points(d, n)
    assert (net.dim, net.output) == (d, "flux")
    assert net(x).shape == (n, 1 + d + extras)
    assert net(x).dtype == dtype
    assert net.flux(x).shape == (n, 1 + d)
    assert net.velocity(x).shape == (n, d)
    assert net.density(x).shape == net.log_density(x).shape == (n, 1)


def test_mass_is_a_parameter_only_where_learned() -> None:
    fixed, learned = network(2, total_mass=2.0), network(2, learn_mass=True)
    assert fixed.log_mass.shape == learned.log_mass.shape == ()
    assert float(fixed.log_mass) == pytest.approx(math.log(2.0))
    assert "log_mass" not in dict(fixed.named_parameters())
    assert "log_mass" in dict(learned.named_parameters())
    assert all(p.requires_grad for p in fixed.parameters())
    x = points(2, 7)
    copied = network(2)
    copied.load_state_dict(fixed.state_dict())
    torch.testing.assert_close(copied(x), fixed(x), rtol=0, atol=0)


def test_regularization_and_hooks() -> None:
    net = network(2, regularization=["l2", 1e-3])
    assert net.regularizer == ["l2", 1e-3]
    assert net.auxiliary_vars is None
    for hook in net.apply_output_transform, net.apply_feature_transform:
        with pytest.raises(ValueError, match="instead"):
            hook(lambda x: x)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dim", 0),
        ("dim", 2.0),
        ("components", 0),
        ("components", True),
        ("extras", -1),
        ("hidden", ()),
        ("hidden", (8, 0)),
        ("hidden", 8),
        ("solenoidal", ()),
        ("solenoidal", "64"),
        ("construction", "vector"),
        ("output", "momentum"),
        ("total_mass", 0.0),
        ("total_mass", math.inf),
        ("spread", -1.0),
        ("width", 0),
        ("duration", math.nan),
        ("floor", 0.0),
        ("floor", 1e-20),
        ("activation", "relu"),
        ("kernel_initializer", "none"),
    ],
)
def test_bad_arguments_are_named(name, value) -> None:
    got = re.escape(repr(value))
    with pytest.raises(ValueError, match=rf"^{name}: must (.|\n)*got {got}"):
        SubharmonicNCL(**({"dim": 2} | {name: value}))


def test_extras_need_the_network_of_space_and_time() -> None:
    with pytest.raises(ValueError, match=r"extras: .*solenoidal=None"):
        SubharmonicNCL(2, solenoidal=None, extras=1)


def test_wrong_inputs_are_named() -> None:
    net = network(2)
    for wrong in torch.rand(4, 2), torch.rand(3), torch.rand(4, 3, dtype=torch.float32):
        for method in net, net.flux, net.velocity, net.density, net.log_density:
            with pytest.raises(ValueError, match=r"inputs: must have .*got"):
                method(wrong)
