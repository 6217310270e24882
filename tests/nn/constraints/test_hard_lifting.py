"""NCL with a lifting and with flow past the parts of a wall: laws, wall, start."""

import deepxde as dde
import numpy as np
import pytest
import torch
from obstacle_channel import along, channel, not_right
from torch.func import jacrev, vmap

from ncl_deepxde.nn import NCL, Continuation, InitialState, Lifting, Wall

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

g = dde.geometry
GLOROT = ("tanh", "Glorot normal")
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}


def build(where=along, region=None, **options):
    wall = Wall.of(region or channel(), where)
    net = NCL([3, 8, 7, 4], *GLOROT, wall=wall, **options)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "flows" in name:
                p.normal_()
    return net, wall


def at(x, t=0.3):
    return torch.cat([x, torch.full_like(x[:, :1], t)], dim=1)


def assert_lawful(net, x, dtype):
    J = vmap(jacrev(lambda z: net.flux(z[None])[0]))(x).detach()
    terms = torch.stack([J[:, 0, 2], J[:, 1, 0], J[:, 2, 1]], dim=1)
    assert terms.sum(dim=1).abs().max() < LIMITS[dtype] * terms.abs().max()


def random_points(dtype, n=40):
    return torch.as_tensor(channel().random_points(n)).to(dtype)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_trained_flow_keeps_continuity_and_the_wall(construction, dtype) -> None:
    net, wall = build(construction=construction)
    assert any("flows" in name for name, _ in net.named_parameters())
    x, n = (value.to(dtype) for value in wall.surface())
    inside = at(random_points(dtype))
    largest = float(net.flux(inside).detach().abs().max())
    m = net.flux(at(x))[:, 1:]
    assert (m * n).sum(dim=1).abs().max() < LIMITS[dtype] * largest
    assert_lawful(net, inside, dtype)


def poiseuille(inputs):
    y = inputs[:, 1:2]
    return y**2 * (3 - 2 * y) * (1 + inputs[:, 2:] ** 2)


def one(x):
    return torch.ones_like(x[:, :1])


def stream(x):
    """The inflow at t = 0.2, around the cylinder."""
    d = (x[:, :1] - 0.75) ** 2 + (x[:, 1:] - 0.5) ** 2 - 0.0625
    a = x[:, :1] * x[:, 1:] * (1 - x[:, 1:])
    return (poiseuille(at(x, 0.2)) * d + 0.4 * a) / (a + d)


def start(x):
    z = x.clone()
    J = vmap(jacrev(lambda q: stream(q[None])[0, 0]))(z)
    return torch.stack([J[:, 1], -J[:, 0]], dim=1)


@pytest.mark.parametrize("ramp", [None, 0.3])
@pytest.mark.parametrize("kind", ["none", "density", "momentum", "fading"])
def test_inflow_is_that_of_the_profile_at_all_times(kind, ramp, dtype) -> None:
    if kind == "fading" and ramp is None:
        pytest.skip("a state without a ramp does not fade")
    options = {"time": 0.2, "ramp": ramp}
    if kind == "momentum":
        options["momentum"] = start
    elif kind == "fading":
        options |= {"momentum": start, "potential": torch.zeros_like}
    initial = None if kind == "none" else InitialState(one, **options)
    lifting = Lifting(profiles=[poiseuille, None])
    net, wall = build(not_right, lifting=lifting, initial=initial)
    x, n = (value.to(dtype) for value in wall.surface())
    limit = 50 * LIMITS[dtype]
    for t in 0.2, 0.25, 1.5:
        across = (net.flux(at(x, t))[:, 1:] * n).sum(dim=1)
        y, is_inlet = x[:, 1], x[:, 0] == 0
        right = torch.where(is_inlet, 6 * y * (1 - y) * (1 + t**2), 0)
        torch.testing.assert_close(across, right, rtol=0, atol=limit)
    inside = random_points(dtype)
    assert_lawful(net, at(inside), dtype)
    flux = net.flux(at(inside, 0.2))
    if kind != "none":
        torch.testing.assert_close(flux[:, :1], one(inside), rtol=0, atol=limit)
    if kind in ("momentum", "fading"):
        torch.testing.assert_close(flux[:, 1:], start(inside), rtol=0, atol=limit)


def test_what_flows_in_is_found_inside_or_flows_out() -> None:
    """The mass below x = 2 changes by inflow less outflow, to round-off."""
    box = g.Rectangle([0, 0], [2, 1])
    lifting = Lifting(potential=poiseuille)
    net, _ = build(not_right, box, lifting=lifting)
    s, w = np.polynomial.legendre.leggauss(40)
    s, w = torch.as_tensor((s + 1) / 2), torch.as_tensor(w / 2)
    points = torch.cartesian_prod(2 * s, s)
    weights = 2 * torch.outer(w, w).flatten()
    t = torch.tensor(0.3).double()

    def mass(t):
        z = torch.cat([points, t * torch.ones(len(points), 1)], dim=1)
        return (net.flux(z)[:, 0] * weights).sum()

    change = float(jacrev(mass)(t).detach())
    right = torch.stack([torch.full_like(s, 2.0), s, torch.full_like(s, 0.3)], dim=1)
    outflow = float((net.flux(right)[:, 1] * w).sum().detach())
    assert abs(change) > 1e-3
    assert change == pytest.approx(1 + 0.3**2 - outflow, rel=0, abs=1e-12)


def test_vector_potential_in_space() -> None:
    def potential(inputs):
        x, y, z, t = inputs.split(1, dim=1)
        return torch.cat([z * t, x * y, y * x**2], dim=1)

    net = NCL([4, 8, 4], *GLOROT, lifting=potential)
    plain = NCL([4, 8, 4], *GLOROT)
    plain.load_state_dict(net.state_dict())
    x, y, _, t = (inputs := torch.rand(7, 4)).split(1, dim=1)
    right = torch.cat([0 * x, x**2, t - 2 * x * y, y], dim=1)
    added = net.flux(inputs) - plain.flux(inputs)
    torch.testing.assert_close(added, right, rtol=0, atol=1e-12)


def test_a_network_goes_on_with_the_flow() -> None:
    first, wall = build()
    then, _ = build(initial=Continuation(first, 0.5, 0.2))
    x = random_points(torch.float64)
    torch.testing.assert_close(
        then.flux(at(x, 0.5)), first.flux(at(x, 0.5)), rtol=0, atol=1e-12
    )
    later = then.flux(at(x, 0.9)) - first.flux(at(x, 0.9))
    assert later.abs().max() > 1e-2
    on_wall, n = wall.surface()
    across = (then.flux(at(on_wall, 0.9))[:, 1:] * n).sum(dim=1)
    assert across.abs().max() < 1e-11
    assert_lawful(then, at(x, 0.9), torch.float64)


def test_potential_may_grow_along_a_period() -> None:
    wall = Wall.of(g.Rectangle([0, 0], [2, 1]), along)
    options = {"wall": wall, "periods": [2.0, None]}
    net = NCL([3, 8, 3], *GLOROT, lifting=lambda x: -0.4 * x[:, :1], **options)
    x = torch.tensor([[0.3, 0.0, 0.1], [0.9, 1.0, 0.7]])
    torch.testing.assert_close(
        net.flux(x)[:, 2], torch.full((2,), 0.4), rtol=0, atol=1e-12
    )


def swirl(x):
    return torch.cat([-x[:, 1:], x[:, :1]], dim=1)


BAD = [
    (lambda: build(lifting=1.0), "lifting: must be a function"),
    (lambda: build(lifting=Lifting(flows=[0.0])), "flows must have one entry for each"),
    (
        lambda: build(initial=InitialState(one, swirl)),
        r"initial: the momentum, less .* must not cross .* lifting=Lifting\(",
    ),
    (
        lambda: build(mean_momentum=[1.0, 0.0]),
        r"mean_momentum: the momentum, .* must not cross .* lifting=Lifting\(",
    ),
    (
        lambda: build(
            initial=Continuation(build()[0], 0.5, 0.2),
            lifting=Lifting(flows=[0.0, 1.0, "trained"]),
        ),
        "lifting: must be None, or have only trained flows, beside a Continuation",
    ),
    (
        lambda: NCL([3, 8, 3], *GLOROT, periods=1.0, lifting=lambda x: x[:, :1] ** 2),
        "periods: initial, lifting and wall must have the period 1.0 of axis 0",
    ),
    (
        lambda: NCL([5, 8, 5], *GLOROT, lifting=lambda x: x[:, :1]),
        "lifting: must be None but in 2 dimensions",
    ),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_contradictions_are_refused(make, message) -> None:
    with pytest.raises(ValueError, match=message):
        make()
