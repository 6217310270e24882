"""Liftings: given flows, inflow profiles, moving walls, and what is refused."""

import math

import deepxde as dde
import numpy as np
import pytest
import torch
from obstacle_channel import along, channel, not_right

from ncl_deepxde.nn import (
    NCL,
    Incompressible,
    InitialState,
    InitialVelocity,
    Lifting,
    Wall,
)

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

g = dde.geometry
GLOROT = ("tanh", "Glorot normal")
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}


def build(lifting=None, where=along, time=True, d=2, region=None, **options):
    wall = Wall.of(region or channel(), where)
    sizes = [d + time, 8, 7, d + 1]
    net = Incompressible(
        sizes, *GLOROT, time=time, wall=wall, lifting=lifting, **options
    )
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "flows" in name or "bias" in name:
                p.normal_()
    return net


def with_time(x, time=True, t=0.3):
    return torch.cat([x, torch.full_like(x[:, :1], t)], dim=1) if time else x


def across(net, start, end, t=0.3):
    """Return the flow to the right of the way, by Gauss's rule, to round-off."""
    node, weight = np.polynomial.legendre.leggauss(400)
    s = torch.as_tensor((node + 1) / 2)[:, None]
    a, b = torch.tensor(start).double(), torch.tensor(end).double()
    x = with_time((1 - s) * a + s * b, net.has_time, t)
    normal = torch.stack([(b - a)[1], -(b - a)[0]])
    found = net.velocity(x).detach() @ normal
    return float((found * torch.as_tensor(weight / 2)).sum())


def close(value):
    return pytest.approx(value, rel=0, abs=1e-11)


@pytest.mark.parametrize("slip", [True, False])
def test_given_flows_are_exact_at_all_times(slip) -> None:
    lifting = Lifting(flows=[0.5, lambda t: 1 + t.sin(), "trained"])
    net = build(lifting, slip=slip)
    for t in 0.0, 0.4, 3.0:
        flow = 0.5 + math.sin(t)
        assert across(net, [0.3, 0], [0.3, 1], t) == close(flow)
        below = across(net, [0.75, 0], [0.75, 0.25], t)
        above = across(net, [0.75, 0.75], [0.75, 1], t)
        assert below + above == close(flow)
        assert abs(below) > 1e-3


def poiseuille(inputs):
    """The stream function of the velocity 6 y (1 - y), a flow of 1, at all times."""
    y = inputs[:, 1:2]
    return y**2 * (3 - 2 * y)


@pytest.mark.parametrize("time", [True, False])
@pytest.mark.parametrize("slip", [True, False])
def test_an_inflow_is_a_profile_along_a_side(slip, time, dtype) -> None:
    lifting = Lifting(profiles=[poiseuille, None])
    net = build(lifting, not_right, time, slip=slip)
    y = torch.linspace(0.05, 0.95, 9)[:, None]
    u = net.velocity(with_time(torch.cat([0 * y, y], dim=1), time))
    limit = 30 * LIMITS[dtype]
    torch.testing.assert_close(u[:, :1], 6 * y * (1 - y), rtol=0, atol=limit)
    assert (float(u[:, 1].detach().abs().max()) < limit) != slip
    if dtype == torch.float64:
        assert across(net, [1.9, 0], [1.9, 1]) == close(1)
        above = across(net, [0.75, 0.75], [0.75, 1])
        assert abs(above - 0.5) > 1e-3, "the share of each side is trained"


def test_a_cylinder_turns_and_its_flow_is_trained(dtype) -> None:
    """Speed 0.7 of the surface, so that psi = -0.7 r^2 / (2 R) along it."""

    def turning(inputs):
        r = inputs[:, :2] - torch.tensor([0.75, 0.5]).to(inputs)
        return -0.7 / 0.5 * r.square().sum(dim=1, keepdim=True)

    net = build(Lifting(profiles=[None, None, turning]), slip=False)
    angle = torch.linspace(0, 6, 9)
    n = torch.stack([angle.cos(), angle.sin()], dim=1)
    u = net.velocity(with_time(torch.tensor([0.75, 0.5]) + 0.25 * n))
    right = 0.7 * torch.stack([-n[:, 1], n[:, 0]], dim=1)
    torch.testing.assert_close(u, right, rtol=0, atol=100 * LIMITS[dtype])


def uniform(inputs):
    return inputs[:, 1:2]


def test_a_potential_is_added_as_a_function_is() -> None:
    torch.manual_seed(3)
    one = build(Lifting(uniform, flows=[0.0, 0.0, "trained"]))
    torch.manual_seed(3)
    other = build(Lifting(flows=[0.0, 0.0, "trained"]))
    x = with_time(torch.as_tensor(channel().random_points(9)).double())
    added = one.velocity(x) - other.velocity(x)
    right = torch.tensor([1.0, 0.0]).expand(9, 2)
    torch.testing.assert_close(added, right, rtol=0, atol=1e-11)
    torch.manual_seed(3)
    plain = build(uniform)
    torch.manual_seed(3)
    assert torch.equal(plain(x), build(Lifting(uniform))(x))


def start(x):
    """A flow of 1 to the right without an obstacle, no slip."""
    return poiseuille(x)


def test_start_and_given_flow_agree() -> None:
    empty = g.Rectangle([0, 0], [2, 1])
    initial = InitialVelocity(start, time=0.2, ramp=0.1)
    lifting = Lifting(flows=[0.0, lambda t: 1 + (t - 0.2) ** 2])
    net = build(lifting, region=empty, initial=initial, slip=False)
    for t in 0.2, 0.25, 2.0:
        flow = across(net, [0.3, 0], [0.3, 1], t)
        assert flow == close(1 + (t - 0.2) ** 2)
    y = torch.linspace(0, 1, 9)[:, None]
    u = net.velocity(with_time(torch.cat([y, y], dim=1), t=0.2))
    torch.testing.assert_close(u[:, :1], 6 * y * (1 - y), rtol=0, atol=1e-12)


ROOM = g.Cuboid([0, 0, 0], [1, 1, 1])
SPACE = {"d": 3, "where": None, "region": ROOM}
BAD = [
    (lambda: Lifting(2.0), "lifting: potential must be a function"),
    (lambda: Lifting(flows=["free"]), "lifting: each of flows .* got 'free'"),
    (lambda: Lifting(flows=[math.inf]), "lifting: each of flows .* got inf"),
    (lambda: Lifting(flows=[True]), "lifting: each of flows .* got True"),
    (lambda: Lifting(flows="trained"), "lifting: flows must be a list"),
    (lambda: Lifting(profiles=[1.0]), "lifting: each of profiles .* got 1.0"),
    (
        lambda: build(Lifting(flows=[0.0, 1.0])),
        r"flows must have one entry for each of the 3 .* through .*, 0\), .* got 2",
    ),
    (
        lambda: build(Lifting(profiles=[None])),
        r"profiles must have one entry for each of the 3",
    ),
    (
        lambda: build(Lifting(flows=["trained"] * 3)),
        "one of flows must be known",
    ),
    (
        lambda: build(Lifting(flows=[0.0, torch.sin, 0.0]), time=False),
        "flows must be numbers or 'trained' for a steady flow",
    ),
    (
        lambda: build(Lifting(flows=[0.0]), region=g.Disk([0, 0], 1), where=None),
        "flows must be None but in the plane, beside a wall of several parts",
    ),
    (
        lambda: build(Lifting(flows=[0.0]), **SPACE),
        "flows must be None .* got flows in 3 dimensions",
    ),
    (
        lambda: build(Lifting(profiles=[None, lambda x: x, None])),
        "profiles of lifting: must map points",
    ),
    (
        lambda: build(Lifting(flows=[0.0, lambda t: torch.cat([t, t], 1), 0.0])),
        "flows of lifting: must map points",
    ),
    (
        lambda: build(
            Lifting(flows=[0.0, 2.0]),
            region=g.Rectangle([0, 0], [2, 1]),
            initial=InitialVelocity(start),
        ),
        r"initial: the flow between parts of the wall must be .* differs by 1\.0e\+00",
    ),
    (lambda: build("inflow"), "lifting: must be a function .* an nn.Lifting"),
    (
        lambda: build(mean_velocity="trained"),
        r"mean_velocity: .* lifting=Lifting\(flows",
    ),
    (
        lambda: build(mean_velocity=[1.0, 0.5]),
        r"mean_velocity: .*cross the wall.*lifting=Lifting\(flows",
    ),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_bad_arguments_are_refused(make, message) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_flows_are_the_whole_flow_or_refused():
    box = dde.geometry.Rectangle([0, 0], [2, 1])
    wall = Wall.of(box, lambda x: np.isclose(x[:, 1] % 1, 0))
    given, sizes = {"wall": wall, "lifting": Lifting(flows=[0.0, 1.0])}, [3, 4, 3]
    with pytest.raises(ValueError, match="mean_velocity: must be 0 beside the flows"):
        Incompressible(sizes, *GLOROT, mean_velocity=[0.5, 0.0], **given)
    with pytest.raises(ValueError, match="mean_momentum: must be 0 beside the flows"):
        NCL(sizes, *GLOROT, mean_momentum=[0.5, 0.0], **given)
    rest = InitialState(lambda x: 1 + 0 * x[:, :1], momentum=torch.zeros_like)
    with pytest.raises(ValueError, match="flows beside an initial momentum must be"):
        NCL(sizes, *GLOROT, initial=rest, **given)
