"""A network with scales is the network without, in other units, and stays exact."""

import pickle
from functools import partial

import deepxde as dde
import pytest
import torch
from scaled_pairs import (
    DENSITY,
    FLUX,
    LENGTH,
    ORIGIN,
    PAIRS,
    SPEED,
    TIME,
    VELOCITY,
    Pair,
    hodge,
    lflow,
    semi_lagrangian,
)
from torch.func import hessian, jacrev, vmap

from ncl_deepxde.nn import NCL, Scales
from ncl_deepxde.operators import laplacian

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Of the largest value. Coordinates are rounded, by the origin of a few lengths, and
# derivatives of order four of small networks amplify that by less than a thousand.
EQUAL = 1e-12
EXACT = {torch.float64: 1e-12, torch.float32: 1e-5}

NAMES = pytest.mark.parametrize("name", PAIRS)


def assert_equal(found, right, tolerance=EQUAL):
    """Compare (N, C, ...), each entry in units of its largest over the points."""
    assert found.shape == right.shape
    error, scale = ((v.detach().abs()).amax(dim=0) for v in (found - right, right))
    assert bool((error <= tolerance * scale).all()), (error / scale).max()


def derivatives(net, x):
    def one(z):
        return net(z[None])[0]

    return vmap(jacrev(one))(x).detach(), vmap(hessian(one))(x).detach()


@NAMES
def test_outputs_and_derivatives_are_those_in_other_units(name) -> None:
    pair = PAIRS[name]
    plain, net = pair.both()
    z, x = pair.points()
    sizes, steps = torch.tensor(pair.sizes), pair.steps
    assert_equal(net(x), plain(z) * sizes)
    J, H = derivatives(plain, z)
    first = J * sizes[:, None] / steps
    second = H * sizes[:, None, None] / (steps[:, None] * steps)
    for found, right in zip(derivatives(net, x), (first, second), strict=True):
        assert_equal(found, right)


@pytest.mark.parametrize("name", [n for n in PAIRS if n != "ncl-vector-wall"])
def test_served_derivatives_and_laplacians_are_in_units_of_the_user(name) -> None:
    pair = PAIRS[name]
    plain, net = pair.both()
    z, x = pair.points()
    sizes, steps = torch.tensor(pair.sizes), pair.steps
    J, H = derivatives(plain, z)
    H = H * sizes[:, None, None] / (steps[:, None] * steps)
    x.requires_grad_()
    for _ in range(2):  # served from the second time on
        y = net(x)
        for c, size in enumerate(pair.sizes):
            rows = dde.grad.jacobian(y, x, i=c)
            assert_equal(rows, J[:, c] * size / steps)
            found = laplacian(y, x, c, (0, 1))
            assert_equal(found, (H[:, c, 0, 0] + H[:, c, 1, 1])[:, None])
        dde.grad.clear()


@pytest.mark.parametrize("name", [n for n, pair in PAIRS.items() if pair.laws])
def test_divergence_vanishes_to_round_off(name, dtype) -> None:
    pair = PAIRS[name]
    _, net = pair.both()
    _, x = pair.points(20)
    flux = net.flux if isinstance(net, NCL) else net
    J = vmap(jacrev(lambda z: flux(z[None])[0]))(x).detach()
    for law in pair.laws:
        terms = torch.stack([J[:, c, i] for c, i in law], dim=1)
        assert terms.dtype == dtype
        assert float(terms.abs().max()) > 0
        limit = EXACT[dtype] * float(terms.abs().max())
        assert float(terms.sum(dim=1).abs().max()) <= limit


@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("d", [2, 3])
def test_time_and_velocity_of_their_own_keep_continuity(d, construction, dtype) -> None:
    length = [1e4, 30.0, 7.0][:d]
    net = NCL(
        [d + 1, 8, 8, d + 1],
        "tanh",
        "Glorot normal",
        construction=construction,
        scales=Scales(length, time=3e6, velocity=40.0, density=900.0),
    )
    x = torch.rand(9, d + 1) * torch.tensor([*length, 3e6])
    # Of its size: derivatives by scaled inputs are of order one.
    size = 900.0 * 40.0
    assert 1e-3 * size < float(net(x)[:, 1].detach().abs().max()) < 1e2 * size
    J = vmap(jacrev(lambda z: net(z[None])[0]))(x).detach()
    terms = torch.stack([J[:, (i + 1) % (d + 1), i] for i in range(d + 1)], dim=1)
    limit = EXACT[dtype] * float(terms.abs().max())
    assert float(terms.sum(dim=1).abs().max()) <= limit


@NAMES
def test_states_are_those_of_networks_without_scales(name) -> None:
    plain, net = PAIRS[name].both()
    assert plain.state_dict().keys() == net.state_dict().keys()
    x = PAIRS[name].points()[1]
    before = net(x)
    again = PAIRS[name].build(True)
    again.load_state_dict(net.state_dict())
    assert torch.equal(again(x), before)
    assert torch.equal(pickle.loads(pickle.dumps(net))(x), before)


@pytest.mark.parametrize("name", ["ncl", "free-contracted", "free-vector-contracted"])
def test_features_of_the_user_take_the_place_of_the_scaling(name) -> None:
    pair = PAIRS[name]
    plain, net = pair.both()
    z, x = pair.points()
    origin = torch.tensor(ORIGIN[: pair.num_inputs])
    plain.apply_feature_transform(lambda z: torch.sin(z))
    net.apply_feature_transform(lambda x: torch.sin((x - origin) / pair.steps))
    assert_equal(net(x), plain(z) * torch.tensor(pair.sizes))
    J = derivatives(plain, z)[0] * torch.tensor(pair.sizes)[:, None] / pair.steps
    assert_equal(derivatives(net, x)[0], J)


def test_all_parts_of_a_hodge_field_are_in_other_units() -> None:
    nets = []
    for is_scaled in False, True:
        torch.manual_seed(0)
        nets.append(hodge(is_scaled))
        with torch.no_grad():
            nets[-1].constant.copy_(torch.tensor([0.3, -0.2]))
    plain, net = nets
    z = torch.rand(7, 2)
    x = torch.tensor([1e3, 5e3]) + 3e3 * z
    assert_equal(net(x), 20 * plain(z))
    assert_equal(net.harmonic[None], 20 * plain.harmonic[None])
    assert_equal(net.gradient.potential(x), 6e4 * plain.gradient.potential(z))


@pytest.mark.parametrize("domain", [False, True])
@pytest.mark.parametrize("output", ["flux", "velocity"])
def test_lagrangian_flow_is_the_same_in_other_units(output, domain) -> None:
    sizes = FLUX if output == "flux" else VELOCITY
    pair = Pair(partial(lflow, output=output, domain=domain), sizes)
    plain, net = pair.both()
    z, x = pair.points()
    for one in plain, net:
        one.eval()
    assert_equal(net(x), plain(z) * torch.tensor(pair.sizes), 1e-9)
    J = derivatives(plain, z)[0] * torch.tensor(pair.sizes)[:, None] / pair.steps
    assert_equal(derivatives(net, x)[0][:, :3], J[:, :3], 1e-9)
    L, o = pair.steps[:2], torch.tensor(ORIGIN[:2])
    moved = net.transport(x[:, :2], ORIGIN[2], ORIGIN[2] + TIME)
    assert_equal((moved - o) / L, plain.transport(z[:, :2], 0.0, 1.0), 1e-9)
    drawn = [
        one.sample(5, t, torch.Generator().manual_seed(0))
        for one, t in ((plain, 0.5), (net, ORIGIN[2] + TIME / 2))
    ]
    assert_equal((drawn[1] - o) / L, drawn[0], 1e-9)


def test_mass_of_a_lagrangian_flow_is_that_of_its_scales() -> None:
    mass = DENSITY * LENGTH[0] * LENGTH[1]
    assert float(lflow(True).log_mass.exp()) == pytest.approx(mass, rel=1e-12)
    assert float(lflow(False).log_mass.exp()) == 1.0
    assert float(lflow(True, total_mass=3.0).log_mass.exp()) == pytest.approx(3.0)


def test_semi_lagrangian_is_the_same_in_other_units() -> None:
    pair = Pair(semi_lagrangian, VELOCITY[:3])
    plain, net = pair.both()
    for one in plain, net:
        one.eval()
    z, x = pair.points()
    assert_equal(net(x), plain(z) * torch.tensor(pair.sizes), 1e-7)
    assert_equal(net.flux(x), plain.flux(z) * torch.tensor(FLUX[:3]), 1e-7)
    assert_equal(net.grid_mass[None], DENSITY * plain.grid_mass[None], 1e-7)
    L, o = pair.steps[:2], torch.tensor(ORIGIN[:2])
    moved = net.transport(x[:, :2], ORIGIN[2], ORIGIN[2] + TIME)
    assert_equal((moved - o) / L, plain.transport(z[:, :2], 0.0, 1.0), 1e-7)


def test_semi_lagrangian_with_a_velocity_of_its_own_follows_it() -> None:
    net = semi_lagrangian(True, velocity=0.3 * max(SPEED)).eval()
    _, x = Pair(semi_lagrangian, VELOCITY[:3]).points()
    x.requires_grad_()
    y = net(x)
    rho, u = y[:, :1], y[:, 1:]
    assert float(u.detach().abs().max()) < max(SPEED)
    columns = (rho, rho * u[:, :1], rho * u[:, 1:])
    rows = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in columns]
    terms = torch.stack([rows[0][:, 2], rows[1][:, 0], rows[2][:, 1]], dim=1).detach()
    # Round-off of the solver: its tolerance, in a derivative.
    assert float(terms.sum(dim=1).abs().max()) <= 1e-5 * float(terms.abs().max())
    x = x.detach()
    steps = [TIME * h * torch.ones(7, 1) for h in (-1e-3, 1e-3)]
    before, after = (net.transport(x[:, :2], x[:, 2:], x[:, 2:] + h) for h in steps)
    # Central differences: an error of h^2 of the curvature, and the tolerance over h.
    assert_equal((after - before) / (2e-3 * TIME), u.detach(), 1e-4)
