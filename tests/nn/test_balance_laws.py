"""BalanceLaws: every law exact, before and after training, and its columns."""

import math

import deepxde as dde
import pytest
import torch
from law_balance import GLOROT, LIMITS, by_nesting, trained, worst
from torch.func import jacrev, vmap

from ncl_deepxde.jets.jets import jet_space
from ncl_deepxde.nn import (
    BalanceLaws,
    BalanceNet,
    ContinuityLaw,
    FlowNet,
    InitialState,
    Scales,
    Wall,
)

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")
CLOSE = {"rtol": 1e-11, "atol": 1e-12}


def build(d, laws=3, sources=(2, 0), extras=1, hidden=(8, 7), **options):
    sizes = [d + 1, *hidden, laws * (1 + d) + len(sources) + extras]
    return BalanceLaws(sizes, *GLOROT, laws=laws, sources=sources, **options)


@pytest.mark.parametrize("optimizer", ["adam", "gauss-newton"])
@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_every_law_is_exact_before_and_after_training(
    d, construction, optimizer, dtype
) -> None:
    net = build(d, construction=construction)
    x = torch.rand(5, d + 1)
    assert worst(net, x) < LIMITS[dtype]
    before = [p.detach().clone() for p in net.parameters()]
    trained(net, optimizer, steps=3)
    after = list(net.parameters())
    assert not all(map(torch.equal, before, after)), "training moved the weights"
    assert worst(net, x) < LIMITS[dtype]


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("periods", [1.5, [0.75, None]], ids=str)
def test_laws_are_exact_with_periods(periods, served, dtype) -> None:
    net = build(2, periods=periods, harmonics=2, served=served)
    x = torch.rand(5, 3)
    assert worst(net, x) < LIMITS[dtype]
    # Multiples of 1/64 can be shifted without rounding.
    x = (torch.randint(64, (7, 3)) / 64).to(dtype)
    there = net(x + torch.tensor([1.5, 0.0, 0.0])).detach()
    limit = 500 * torch.finfo(dtype).eps * float(there.abs().max())
    assert float((net(x) - there).detach().abs().max()) < limit


def channels(net):
    """Return the map of one point to the values of the perceptron's outputs."""
    space = jet_space(net.num_inputs, 0)
    return lambda z: net.network.jet(z[None], space)[0, 0]


@pytest.mark.parametrize("d", [1, 2, 3])
def test_columns_are_the_formula(d) -> None:
    """(q, F) is the row divergence of A plus (sigma, 0), s = d_t sigma."""
    net = build(d, laws=2, sources=(1,), extras=2, scale=0.7, mean_density=[2.0, None])
    x = torch.rand(7, d + 1)
    a, D = vmap(channels(net))(x), vmap(jacrev(channels(net)))(x)
    pairs = [(i, j) for i in range(d + 1) for j in range(i + 1, d + 1)]
    axis = [d, *range(d)]
    columns = []
    for k in range(2):
        first = k * len(pairs)
        for i in range(d + 1):
            v = torch.zeros(7)
            for j in range(d + 1):
                if i != j:
                    c = first + pairs.index((min(i, j), max(i, j)))
                    v = v + (1 if i < j else -1) * D[:, c, axis[j]]
            columns.append(0.7 * v)
    sigma = 2 * len(pairs)
    columns[0] = columns[0] + 2.0
    columns[d + 1] = columns[d + 1] + a[:, sigma]
    columns += [D[:, sigma, d], a[:, sigma + 1], a[:, sigma + 2]]
    y = net(x)
    torch.testing.assert_close(y, torch.stack(columns, dim=1), **CLOSE)
    assert y.shape == (7, 2 * (1 + d) + 3)
    torch.testing.assert_close(net.state(x), y[:, [0, d + 1]], **CLOSE)
    torch.testing.assert_close(net.flux(x, 1), y[:, d + 2 : 2 * d + 2], **CLOSE)
    torch.testing.assert_close(net.source(x, 1), y[:, 2 * d + 2 : 2 * d + 3], **CLOSE)
    assert torch.equal(net.source(x, 0), torch.zeros(7, 1))


def test_sources_have_columns_in_their_order() -> None:
    net = build(1, laws=2, sources=(1, 0), extras=0)
    x = torch.rand(5, 2)
    found = torch.cat([net.source(x, 1), net.source(x, 0)], dim=1)
    assert torch.equal(net(x)[:, 4:], found)
    assert net.columns == ("q_0", "F_01", "q_1", "F_11", "s_1", "s_0")
    named = build(1, laws=1, sources=(), extras=1, columns=("h", "m", "p"))
    assert named.columns == ("h", "m", "p")


def test_types_say_that_it_is_no_flow() -> None:
    net = build(2)
    assert isinstance(net, BalanceNet)
    assert not isinstance(net, FlowNet | ContinuityLaw)
    assert (net.dim, net.laws, net.sources) == (2, 3, (2, 0))


def test_velocities_are_fluxes_over_states() -> None:
    torch.manual_seed(1)
    plain = build(2, mean_density=[3.0, 4.0, 5.0])
    torch.manual_seed(1)
    net = build(2, mean_density=[3.0, 4.0, 5.0], output="velocity")
    x = torch.rand(5, 3)
    right = plain(x)
    for k in range(3):
        first = 3 * k
        q = right[:, first : first + 1]
        F = right[:, first + 1 : first + 3]
        torch.testing.assert_close(net(x)[:, first + 1 : first + 3], F / q, **CLOSE)
        torch.testing.assert_close(net.flux(x, k), F, **CLOSE)
    torch.testing.assert_close(net(x)[:, 9:], right[:, 9:], **CLOSE)
    assert worst(net, x) < 1e-12
    # Served derivatives are those of the quotients.
    z = x.clone().requires_grad_()
    served = dde.grad.jacobian(net(z), z, i=4, j=1)
    torch.testing.assert_close(served[:, 0], by_nesting(net, x)[:, 4, 1], **CLOSE)
    dde.grad.clear()


def densities(k):
    """A state of law k, periodic on the unit box."""

    def rho0(x):
        return 2 + k + torch.sin(2 * math.pi * x).prod(dim=1, keepdim=True)

    return rho0


def fluxes(k):
    def m0(x):
        return (1 + k) * torch.cos(2 * math.pi * x) + k

    return m0


@pytest.mark.parametrize("periods", [None, 1.0])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_states_are_exact_at_the_start(d, periods, dtype) -> None:
    starts = [
        InitialState(densities(0), time=0.25),
        InitialState(densities(1), momentum=fluxes(1), time=0.25, ramp=0.5),
        None,
    ]
    net = build(d, initial=starts, periods=periods)
    x = torch.rand(7, d)
    now = torch.cat([x, torch.full((7, 1), 0.25)], dim=1)
    for _ in range(2):
        with torch.no_grad():
            q, F = net.state(now), net.flux(now, 1)
        # Sums of some ten terms of size five.
        close = {"rtol": 0, "atol": 100 * torch.finfo(dtype).eps}
        torch.testing.assert_close(q[:, :1], densities(0)(x), **close)
        torch.testing.assert_close(q[:, 1:2], densities(1)(x), **close)
        torch.testing.assert_close(F, fluxes(1)(x), **close)
        later = torch.rand(5, d + 1)
        assert worst(net, later) < LIMITS[dtype]
        # The source is free at the start, and so is what is not known.
        assert float(net.source(now, 0).detach().abs().max()) > 1e-3
        assert float((net.flux(now, 0) - fluxes(0)(x)).detach().abs().max()) > 1e-2
        trained(net, "adam", steps=2)


def box_wall(d):
    shapes = {
        1: lambda: dde.geometry.Interval(0, 1),
        2: lambda: dde.geometry.Rectangle([0, 0], [1, 1]),
        3: lambda: dde.geometry.Cuboid([0, 0, 0], [1, 1, 1]),
    }
    return shapes[d]()


@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_walls_stop_the_flux_of_chosen_laws(d, construction, dtype) -> None:
    shape = box_wall(d)
    net = build(d, wall=[Wall.of(shape), None, None], construction=construction)
    points, normals = side_points(d)
    t = torch.rand(len(points), 1)
    inputs = torch.cat([points, t], dim=1)
    with torch.no_grad():
        crossing = [(net.flux(inputs, k) * normals).sum(1).abs() for k in range(3)]
        size = float(net.flux(torch.rand(50, d + 1), 0).abs().max())
    assert float(crossing[0].max()) < 100 * torch.finfo(dtype).eps * max(size, 1.0)
    assert min(float(c.max()) for c in crossing[1:]) > 1e-2
    # A source at the wall is not stopped by it.
    assert float(net.source(inputs, 0).detach().abs().max()) > 1e-3
    assert worst(net, torch.rand(5, d + 1)) < LIMITS[dtype]


def side_points(d):
    """Points on the sides of the unit box off its edges, and outer normals."""
    points, normals = [], []
    for axis in range(d):
        for side in 0.0, 1.0:
            x, n = torch.rand(4, d) * 0.8 + 0.1, torch.zeros(4, d)
            x[:, axis], n[:, axis] = side, 2 * side - 1
            points.append(x)
            normals.append(n)
    return torch.cat(points), torch.cat(normals)


def test_one_wall_is_that_of_all_laws() -> None:
    net = build(2, wall=Wall.of(box_wall(2)))
    points, normals = side_points(2)
    inputs = torch.cat([points, torch.rand(len(points), 1)], dim=1)
    for k in range(3):
        crossing = (net.flux(inputs, k) * normals).sum(1)
        assert float(crossing.detach().abs().max()) < 1e-13


def test_walls_of_several_parts_have_a_flow_of_each_law() -> None:
    disks = [dde.geometry.Disk([0.5, 0.5], r) for r in (0.9, 0.2)]
    net = build(2, laws=2, sources=(), wall=Wall.of(disks[0] - disks[1]))
    # One number of each law for the flow between both parts, a function of time.
    trained_parts = [n for n, _ in net.named_parameters() if "trained" in n]
    assert len({n.split(".")[2] for n in trained_parts}) == 2
    angle = 2 * math.pi * torch.rand(9, 1)
    n = torch.cat([angle.cos(), angle.sin()], dim=1)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.1 * torch.randn_like(p)
        for r in 0.9, 0.2:
            inputs = torch.cat([0.5 + r * n, torch.rand(9, 1)], dim=1)
            for k in range(2):
                assert float((net.flux(inputs, k) * n).sum(1).abs().max()) < 1e-12
    assert worst(net, torch.tensor([[0.9, 0.6, 0.3], [0.2, 0.1, 0.8]])) < 1e-12


def test_liftings_cross_the_wall_of_their_law() -> None:
    def stream(inputs):
        return inputs[:, 1:2] * torch.cos(inputs[:, 2:3])

    wall = Wall.of(box_wall(2))
    net = build(2, laws=2, sources=(), wall=wall, lifting=[None, stream])
    points, normals = side_points(2)
    inputs = torch.cat([points, torch.rand(len(points), 1)], dim=1)
    with torch.no_grad():
        crossing = [(net.flux(inputs, k) * normals).sum(1) for k in range(2)]
    right = torch.cos(inputs[:, 2]) * normals[:, 0]
    torch.testing.assert_close(crossing[0], 0 * right, rtol=0, atol=1e-13)
    torch.testing.assert_close(crossing[1], right, rtol=0, atol=1e-13)


def test_scales_and_sizes_change_units_alone() -> None:
    sizes, steps, origin = [2e-3, 5.0, 3e4], [1e4, 1e2, 1e-3], [3e3, -40.0, 2e-3]
    torch.manual_seed(2)
    plain = build(2)
    torch.manual_seed(2)
    scales = Scales(length=steps[:2], time=steps[2], extras=1e5, origin=origin)
    net = build(2, scales=scales, sizes=sizes)
    z = torch.rand(7, 3)
    x = z * torch.tensor(steps) + torch.tensor(origin)
    speed = [length / steps[2] for length in steps[:2]]
    units = [R * u for R in sizes for u in (1.0, *speed)]
    units += [sizes[2] / steps[2], sizes[0] / steps[2], 1e5]
    right = plain(z) * torch.tensor(units)
    error = (net(x) - right).abs().amax(0) / right.abs().amax(0)
    # Coordinates are rounded, by the origin of a few lengths.
    assert float(error.detach().max()) < 1e-12
    assert worst(net, x) < 1e-12


def test_a_hundred_harmonics_keep_states_of_order_one() -> None:
    net = build(1, laws=2, sources=(), periods=1.0, harmonics=30)
    q = net.state(torch.rand(50, 2)).detach()
    assert 1e-3 < float(q.std()) < 1e1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"laws": 0}, "laws: must be an integer and at least 1"),
        ({"laws": 4}, "last entry must be at least 8, for 4 laws"),
        ({"sources": (3,)}, r"sources: must hold different numbers .* 0 to 2"),
        ({"sources": (1, 1)}, "sources: must hold different numbers"),
        ({"sources": "01"}, "sources: must hold different numbers"),
        ({"wall": [None]}, "wall: must hold one entry for each of the 3 laws"),
        ({"initial": [None] * 2}, "initial: must hold one entry"),
        ({"known_sources": [None] * 4}, "known_sources: must hold one entry"),
        ({"known_sources": [None, None, 3]}, "law 2: rate: must be a function"),
        ({"lifting": [None]}, "lifting: must hold one entry for each of the 3"),
        ({"sizes": [1.0, 1e6]}, "sizes: must hold one entry for each of the 3"),
        ({"sizes": [1.0, math.inf, 1.0]}, "law 1: sizes: must be positive"),
        ({"sizes": [1.0, -1.0, 1.0]}, "law 1: sizes: must be positive"),
        ({"initial": [None, 3, None]}, "law 1: initial: must be an nn.InitialState"),
        ({"wall": [None, None, 3]}, "law 2: wall: must be an nn.Wall"),
        ({"lifting": [3, None, None]}, "law 0: lifting: must be a function"),
        ({"output": "speed"}, "output: must be one of"),
        ({"columns": ["a"]}, "columns: must hold 7 different names"),
        ({"construction": "ring"}, "construction: must be one of"),
        ({"mean_density": ["free", None, None]}, "law 0: mean_density"),
    ],
)
def test_bad_arguments_are_named(options, message) -> None:
    given = {"laws": 3, "sources": ()} | options
    with pytest.raises(ValueError, match=message):
        BalanceLaws([2, 6, 7], *GLOROT, **given)


def test_contradictions_name_their_law() -> None:
    wall = Wall.of(dde.geometry.Interval(0, 1))
    start = InitialState(densities(0), momentum=lambda x: 1 + 0 * x)
    with pytest.raises(ValueError, match="law 1: initial: the momentum"):
        build(1, wall=wall, initial=[None, start, None])
    with pytest.raises(ValueError, match="law 2: periods: initial"):
        build(1, periods=0.3, initial=[None, None, InitialState(densities(0))])


def test_a_start_agrees_with_any_source() -> None:
    """What a source adds begins at the start: no pair of them can contradict."""

    def rate(z):
        return 5 + torch.cos(z[:, :1]) * torch.exp(-z[:, 1:])

    start = InitialState(densities(0), momentum=fluxes(0), time=0.25)
    given = {"known_sources": [rate, None, None], "sources": (1,)}
    net = build(1, initial=[start, start, None], **given)
    now = torch.cat([torch.rand(7, 1), torch.full((7, 1), 0.25)], dim=1)
    right = torch.cat([densities(0)(now[:, :1])] * 2, dim=1)
    torch.testing.assert_close(net.state(now)[:, :2], right, **CLOSE)
    torch.testing.assert_close(net.source(now, 0), rate(now), **CLOSE)
    assert worst(net, torch.rand(5, 2)) < 1e-12


def test_outputs_refuse_transforms() -> None:
    with pytest.raises(ValueError, match=r"would break d_t q \+ div F = s"):
        build(1).apply_output_transform(lambda x, y: y)


def test_unknown_laws_are_refused() -> None:
    net, x = build(1), torch.rand(2, 2)
    for method in net.flux, net.source:
        for k in (3, -1, 0.5):
            with pytest.raises(ValueError, match="k: must be the number of a law"):
                method(x, k)
