"""Flow past holes and obstacles: the wall, the flux, the start hold for any weights."""

import deepxde as dde
import numpy as np
import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.nn import Incompressible, InitialVelocity, Lifting, Wall
from ncl_deepxde.optimizers import GaussNewton

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

g = dde.geometry
# Relative to the largest value: a few roundings of O(1) numbers.
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}
GLOROT = ("tanh", "Glorot normal")


def along(x):
    return ~(np.isclose(x[:, 0], 0) | np.isclose(x[:, 0], 2))


def channel():
    """A channel with a cylinder: parts are bottom, top, cylinder."""
    return g.Rectangle([0, 0], [2, 1]) - g.Disk([0.75, 0.5], 0.25)


def annulus():
    return g.Disk([0, 0], 2) - g.Disk([0, 0], 1)


def build(region, where=None, time=True, hidden=(8, 7), **options):
    wall = Wall.of(region, where)
    net = Incompressible(
        [2 + time, *hidden, 3], *GLOROT, time=time, wall=wall, **options
    )
    return net, wall


def stir(net):
    """Give all that is trained random values, far from those of the start."""
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "flows" in name or "bias" in name:
                p.normal_()


def with_time(x, time=True, t=0.3):
    return torch.cat([x, torch.full_like(x[:, :1], t)], dim=1) if time else x


def points_in(region, time, dtype, n=60):
    return with_time(torch.as_tensor(region.random_points(n)).to(dtype), time)


def assert_kept(net, wall, region, slip, dtype):
    x, n = (value.to(dtype) for value in wall.surface())
    inside = points_in(region, net.has_time, dtype)
    u, largest = net.velocity(with_time(x, net.has_time)), net.velocity(inside)
    limit = LIMITS[dtype] * float(largest.detach().abs().max())
    assert (u * n).sum(dim=1).abs().max() < limit
    if slip:
        # Each part of the wall has its own flow along it.
        assert u.norm(dim=1).median() > 1e-2 * float(largest.detach().abs().max())
    else:
        assert u.abs().max() < limit
    assert_incompressible(net, inside, dtype)


def assert_incompressible(net, x, dtype):
    J = vmap(jacrev(lambda z: net(z[None])[0]))(x).detach()
    terms = J[:, :2, :2].diagonal(dim1=1, dim2=2)
    assert terms.sum(dim=1).abs().max() < LIMITS[dtype] * terms.abs().max()


@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("time", [True, False])
@pytest.mark.parametrize("slip", [True, False])
def test_wall_is_kept_by_any_flow(time, slip, construction, dtype) -> None:
    region = channel()
    net, wall = build(region, along, time, slip=slip, construction=construction)
    stir(net)
    assert_kept(net, wall, region, slip, dtype)


def through(net, start, end, t=0.3, n=400):
    """Return what flows across a segment, to the right of the way along it.

    By the rule of Gauss, to round-off for a function as smooth as these.
    """
    node, weight = np.polynomial.legendre.leggauss(n)
    s = torch.as_tensor((node + 1) / 2)[:, None]
    a, b = torch.as_tensor(start).double(), torch.as_tensor(end).double()
    x = with_time((1 - s) * a + s * b, net.has_time, t)
    way = b - a
    across = net.velocity(x).detach() @ torch.stack([way[1], -way[0]])
    return float((across * torch.as_tensor(weight / 2)).sum())


def flows_of(net, t=0.3):
    """Return what is trained, (2,), at a time."""
    flows = net._ansatz.flows
    if not net.has_time:
        return flows.constant.detach().clone()
    return flows.network(torch.tensor([[t]]), 0)[0, 0].detach()


@pytest.mark.parametrize("time", [True, False])
@pytest.mark.parametrize("slip", [True, False])
def test_flow_between_parts_is_that_of_its_numbers(time, slip) -> None:
    net, _ = build(channel(), along, time, slip=slip)
    stir(net)
    top, cylinder = flows_of(net).tolist()
    # A Gauss rule of 400 points leaves round-off of sums of terms of O(10).
    close = {"rel": 0, "abs": 1e-11}
    for x in 0.3, 1.4, 1.9:
        assert through(net, [x, 0], [x, 1]) == pytest.approx(top, **close)
    below = through(net, [0.75, 0], [0.75, 0.25])
    above = through(net, [0.75, 0.75], [0.75, 1])
    assert below == pytest.approx(cylinder, **close)
    assert below + above == pytest.approx(top, **close)


def momentum(x, y):
    """Steady Navier-Stokes, or with its time, viscosity 0.1."""
    residuals = []
    for c in range(2):
        u = [dde.grad.jacobian(y, x, i=c, j=j) for j in range(x.shape[1])]
        viscous = sum(dde.grad.hessian(y, x, component=c, i=j, j=j) for j in range(2))
        inertia = y[:, :1] * u[0] + y[:, 1:2] * u[1] + (u[2] if len(u) > 2 else 0)
        pressure = dde.grad.jacobian(y, x, i=2, j=c)
        residuals.append(inertia + pressure - 0.1 * viscous - 1.0 * (c == 0))
    return residuals


@pytest.mark.parametrize("optimizer", ["adam", "layers", "samples"])
@pytest.mark.parametrize("time", [True, False])
def test_training_moves_the_flow_and_keeps_the_wall(time, optimizer, dtype) -> None:
    region = channel()
    net, wall = build(region, along, time, slip=False)
    sampler = uniform_box([0.0, 0.0, 0.0][: 2 + time], [2.0, 0.2, 1.0][: 2 + time])
    model = dde.Model(Collocation(momentum, sampler, 40), net)
    if optimizer == "adam":
        model.compile("adam", lr=1e-2, verbose=0)
    else:
        options = {"path": optimizer}
        options |= {"order": 2} if optimizer == "samples" else {}
        model.compile(GaussNewton(model, **options), verbose=0)
    before = flows_of(net) if dtype == torch.float64 else None
    model.train(iterations=3, verbose=0)
    assert_kept(net, wall, region, False, dtype)
    if before is not None:
        assert not torch.equal(before, flows_of(net))


def psi(x):
    """Flow to the right, no slip: 0 below, 1 above, 0.4 at the cylinder."""
    r2 = (x[:, :1] - 0.75) ** 2 + (x[:, 1:2] - 0.5) ** 2
    d, a, b = r2 - 0.0625, x[:, 1:2], 1 - x[:, 1:2]
    shares = [(a * b) ** 2, (a * d) ** 2, (d * b) ** 2]
    return (0.4 * shares[0] + shares[1]) / sum(shares)


@pytest.mark.parametrize("ramp", [None, 0.2])
@pytest.mark.parametrize("slip", [True, False])
def test_start_is_exact_and_the_flow_free_later(slip, ramp, dtype) -> None:
    initial = InitialVelocity(psi, time=0.7, ramp=ramp)
    region = channel()
    net, wall = build(region, along, slip=slip, initial=initial)
    stir(net)
    x = points_in(region, False, dtype)
    J = vmap(jacrev(lambda z: psi(z[None])[0, 0]))(x)
    right = torch.stack([J[:, 1], -J[:, 0]], dim=1)
    limit = LIMITS[dtype] * float(right.abs().max())
    found = net.velocity(with_time(x, t=0.7))
    torch.testing.assert_close(found, right, rtol=0, atol=10 * limit)
    assert_kept(net, wall, region, slip, dtype)
    if dtype == torch.float64:
        ends = [0.3, 0.0], [0.3, 1.0]
        assert through(net, *ends, t=0.7) == pytest.approx(1, rel=0, abs=1e-11)
        assert abs(through(net, *ends, t=2.0) - 1) > 1e-2


@pytest.mark.parametrize("slip", [True, False])
def test_circulation_around_a_hole_is_reached(slip) -> None:
    """The vortex (-y, x) / r^2, or what no slip leaves of it, from Gauss-Newton."""

    def vortex(x):
        r2 = x.square().sum(dim=1, keepdim=True)
        swirl = torch.cat([-x[:, 1:2], x[:, :1]], dim=1) / r2
        return swirl if slip else swirl * (r2 - 1) * (4 - r2)

    def misfit(x, y):
        error = y[:, :2] - vortex(x)
        return [error[:, :1], error[:, 1:]]

    def sampler(n, generator):
        r, angle = box(n, generator).split(1, dim=1)
        return torch.cat([r * angle.cos(), r * angle.sin()], dim=1)

    box = uniform_box([1.0, 0.0], [2.0, 2 * np.pi])
    net, _ = build(annulus(), None, False, (20, 20), slip=slip)
    model = dde.Model(Collocation(misfit, sampler, 200), net)
    model.compile(GaussNewton(model), verbose=0)
    model.train(iterations=80, verbose=0)
    x = sampler(500, torch.Generator().manual_seed(5))
    right = vortex(x)
    error = (net.velocity(x) - right).norm() / right.norm()
    assert error < 1e-3
    # Across the ring from the outer to the inner circle, against the rotation.
    r, w = np.polynomial.legendre.leggauss(40)
    r, w = 1.5 + r / 2, w / 2
    speed = 1 / r if slip else (r**2 - 1) * (4 - r**2) / r
    flow = float((speed * w).sum())
    assert abs(flows_of(net).item()) == pytest.approx(flow, rel=1e-3)


def test_flow_is_saved_and_loaded() -> None:
    (net, _), (other, _) = build(channel(), along), build(channel(), along)
    stir(net)
    x = points_in(channel(), True, torch.float64)
    assert not torch.allclose(net(x), other(x))
    other.load_state_dict(net.state_dict())
    assert torch.equal(net(x), other(x))


@pytest.mark.parametrize("time", [True, False])
def test_second_derivatives_are_served_and_right(time) -> None:
    net, _ = build(channel(), along, time)
    stir(net)
    x = points_in(channel(), time, torch.float64, 5).requires_grad_()
    H = vmap(jacrev(jacrev(lambda z: net(z[None])[0])))(x.detach())
    for served in range(2):
        y = net(x)
        for c in range(3):
            for i in range(2 + time):
                found = dde.grad.hessian(y, x, component=c, i=i, j=i)
                torch.testing.assert_close(found[:, 0], H[:, c, i, i])
        dde.grad.clear()
        assert net.served == 2, served


def test_a_channel_with_a_period_has_a_flow() -> None:
    region = g.Rectangle([0, 0], [2, 1])
    wall = Wall.of(region, along)
    net = Incompressible([2, 8, 3], *GLOROT, time=False, wall=wall, periods=[2.0, None])
    stir(net)
    (flow,) = flows_of(net).tolist()
    assert through(net, [0.3, 0], [0.3, 1]) == pytest.approx(flow, rel=0, abs=1e-12)
    x = torch.rand(5, 2)
    shifted = net(x + torch.tensor([2.0, 0.0]))
    torch.testing.assert_close(shifted, net(x), rtol=0, atol=1e-12)


def test_nothing_is_trained_where_all_flows_are_known() -> None:
    net, _ = build(channel(), along, lifting=Lifting(flows=[0.0, 1.0, 0.3]))
    assert not any("flows" in name for name, _ in net.named_parameters())
    assert through(net, [0.3, 0], [0.3, 1]) == pytest.approx(1, rel=0, abs=1e-11)
    one, _ = build(g.Rectangle([0, 0], [2, 1]))
    assert not any("flows" in name for name, _ in one.named_parameters())
