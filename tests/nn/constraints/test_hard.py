"""Initial states and walls hold to round-off, for random states and networks."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import jacrev, vmap

from ncl_deepxde.nn import NCL, FourierPotential, InitialState, Wall
from ncl_deepxde.nn.constraints.hard import time_powers, wall_powers
from ncl_deepxde.potentials import MATRIX, VECTOR

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Relative to the largest value: a few roundings of O(1) numbers.
LIMIT = 1e-12


class Waves:
    """A random smooth function of period 1, (N, d) -> (N, columns), picklable."""

    def __init__(self, d, columns, seed, shift=0.0):
        g = torch.Generator().manual_seed(seed)
        self.k = torch.randint(-2, 3, (d, 5), generator=g).double()
        self.phase = torch.rand(5, generator=g, dtype=torch.float64)
        self.weights = torch.randn(5, columns, generator=g, dtype=torch.float64)
        self.shift = shift

    def __call__(self, x):
        angle = 2 * math.pi * (x @ self.k.to(x) + self.phase.to(x))
        return self.shift + torch.exp(torch.sin(angle)) @ self.weights.to(x) / 5


@st.composite
def hard_networks(draw):
    d = draw(st.integers(1, 3))
    seed = draw(st.integers(0, 999))
    torch.manual_seed(seed)
    density = Waves(d, 1, seed, shift=5.0)
    field = {draw(st.sampled_from(["momentum", "velocity"])): Waves(d, d, seed + 1)}
    ramp = draw(st.sampled_from([None, 0.1]))
    fades = ramp is not None and draw(st.booleans())
    initial = InitialState(
        density,
        **field,
        time=draw(st.sampled_from([0.0, 0.7])),
        ramp=ramp,
        # Not a potential of this density: exactness must not rest on it.
        potential=Waves(d, d, seed + 2) if fades else None,
    )
    net = NCL(
        [d + 1, *draw(st.sampled_from([[6], [7, 5]])), d + 1 + d % 2],
        draw(st.sampled_from(["tanh", "sin", "silu"])),
        "Glorot normal",
        construction=draw(st.sampled_from(["matrix", "vector"])),
        periods=draw(st.sampled_from([None, 1.0])),
        initial=initial,
        served=draw(st.integers(0, 1)),
    )
    return net, initial


def jacobian(net, x):
    return vmap(jacrev(lambda z: net(z[None])[0]))(x)


def continuity(net, x):
    """Return the residual in units of its largest term."""
    d = net.dim
    J = jacobian(net, x).detach()
    terms = torch.cat(
        [J[:, :1, d], J[:, 1 : d + 1, :d].diagonal(dim1=1, dim2=2)], dim=1
    )
    return float(terms.sum(dim=1).abs().max() / terms.abs().max())


def train(net, x, steps=3):
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(steps):
        x = x.clone().requires_grad_()
        y = net(x)
        (gx,) = torch.autograd.grad(y[:, 1].sum(), x, create_graph=True)
        optimizer.zero_grad()
        (y.square().mean() + gx.square().mean()).backward()
        optimizer.step()


def assert_starts(net, initial, x):
    x = x[:, :-1]
    at_start = torch.cat([x, torch.full((len(x), 1), initial.time)], dim=1)
    y = net(at_start)
    state = torch.cat([initial.density(x), initial.momentum_at(x)], dim=1)
    assert y[:, : net.dim + 1].shape == state.shape
    error = (y[:, : net.dim + 1] - state).abs().max()
    assert error <= LIMIT * state.abs().max()


@settings(max_examples=12, deadline=None)
@given(hard_networks())
def test_state_and_continuity_before_and_after_training(case):
    net, initial = case
    x = torch.rand(20, net.dim + 1)
    for _ in range(2):
        assert_starts(net, initial, x)
        assert continuity(net, x) <= LIMIT
        train(net, x)
    later = x[:, :-1].new_full((20, 1), initial.time + 0.2)
    moved = net(torch.cat([x[:, :-1], later], dim=1))[:, :1] - initial.density(
        x[:, :-1]
    )
    assert moved.abs().max() > 1e-4


@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_density_alone_leaves_the_momentum_free(construction):
    torch.manual_seed(0)
    density = Waves(2, 1, 3, shift=5.0)
    net = NCL(
        [3, 8, 3],
        "tanh",
        "Glorot normal",
        construction=construction,
        periods=1.0,
        initial=InitialState(density),
    )
    x = torch.rand(20, 3)
    x[:, 2] = 0
    y = net(x)
    assert (y[:, :1] - density(x[:, :2])).abs().max() <= LIMIT * 5
    # Each component of the momentum depends on weights: it is not fixed at t = 0.
    for i in (1, 2):
        gradients = torch.autograd.grad(
            net(x)[:, i].sum(), list(net.parameters()), allow_unused=True
        )
        assert max(float(g.abs().max()) for g in gradients if g is not None) > 1e-3
    assert continuity(net, torch.rand(20, 3)) <= LIMIT


@pytest.mark.parametrize(
    ("construction", "served", "output"),
    [("matrix", 1, "flux"), ("vector", 1, "flux"), ("matrix", 2, "velocity")],
)
def test_served_derivatives_agree_with_nested_differentiation(
    construction, served, output
):
    torch.manual_seed(0)
    initial = InitialState(Waves(2, 1, 0, 4.0), velocity=Waves(2, 2, 1), ramp=0.2)
    net = NCL(
        [3, 8, 4],
        "tanh",
        "Glorot normal",
        construction=construction,
        periods=1.0,
        initial=initial,
        served=served,
        output=output,
    )
    x = torch.rand(10, 3).requires_grad_()
    y = net(x)
    rows = [
        torch.autograd.grad(c.sum(), x, create_graph=True)[0] for c in y.unbind(dim=1)
    ]
    J = jacobian(net, x.detach())
    assert J.shape == (10, 4, 3)
    torch.testing.assert_close(torch.stack(rows, 1), J, rtol=1e-10, atol=1e-9)
    if served == 2:
        (H,) = torch.autograd.grad(rows[1][:, 0].sum(), x)
        step = torch.tensor([0.0, 0.0, 1e-5])
        central = jacobian(net, x.detach() + step) - jacobian(net, x.detach() - step)
        # Error of the central difference: step^2 times third derivatives.
        difference = central[:, 1, 0] / 2e-5
        torch.testing.assert_close(H[:, 2], difference.detach(), rtol=1e-4, atol=1e-4)


def test_state_in_single_precision_and_as_velocity(dtype):
    velocity = Waves(2, 2, 1)
    initial = InitialState(Waves(2, 1, 0, 4.0), velocity=velocity, ramp=0.2)
    net = NCL(
        [3, 8, 4],
        "tanh",
        "Glorot normal",
        periods=1.0,
        initial=initial,
        output="velocity",
    )
    x = torch.rand(20, 3)
    x[:, 2] = 0
    expected = torch.cat([initial.density(x[:, :2]), velocity(x[:, :2])], dim=1)
    tolerance = 20 * torch.finfo(dtype).eps
    torch.testing.assert_close(
        net(x)[:, :3], expected, rtol=tolerance, atol=10 * tolerance
    )


def test_mean_density_on_a_torus_is_that_of_the_state_at_all_times():
    torch.manual_seed(0)
    initial = InitialState(Waves(2, 1, 0, 4.0), momentum=Waves(2, 2, 1), ramp=0.1)
    net = NCL([3, 8, 3], "tanh", "Glorot normal", periods=1.0, initial=initial)
    axis = torch.arange(64) / 64
    x = torch.cartesian_prod(axis, axis)
    mean = float(initial.density(x).mean())
    for t in (0.0, 0.3, 2.0):
        rho = net.density(torch.cat([x, torch.full((len(x), 1), t)], dim=1)).detach()
        # The lattice resolves state and network: the trapezoidal rule is exact.
        assert float(rho.mean()) == pytest.approx(mean, rel=1e-10)


@pytest.mark.parametrize("d", [1, 2, 3, 4])
@pytest.mark.parametrize("has_momentum", [False, True])
def test_powers_are_those_worked_out_by_hand(d, has_momentum):
    columns, k = [d, *range(d)], int(has_momentum)
    initial = InitialState(Waves(d, 1, 0), Waves(d, d, 1) if has_momentum else None)
    wall = Wall(ball, on_sphere(d))
    # A_0j ~ t leaves the density as it is, A_0j ~ t^2 and A_ij ~ t the momentum too.
    matrix = MATRIX.operator(columns)
    pairs = d * (d - 1) // 2
    assert time_powers(matrix, d, initial) == [1 + k] * d + [k] * pairs
    assert wall_powers(matrix, d, wall) == [1] * (d + pairs)
    # A_0j = d_j b_0 - d_t b_j needs one power more of b_j than of b_0.
    vector = VECTOR.operator(columns)
    assert time_powers(vector, d, initial) == [1 + k] + [2 + k] * d
    assert wall_powers(vector, d, wall) == [2] * (d + 1)
    for operator in matrix, vector:
        assert time_powers(operator, d, None) == [0] * operator.num_potentials
        assert wall_powers(operator, d, None) == [0] * operator.num_potentials


# ----------------------------------------------------------------------------- fading


def test_a_state_with_a_potential_fades_to_the_mean():
    torch.manual_seed(0)
    density = Waves(2, 1, 0, 4.0)
    potential = FourierPotential(density, [1.0, 1.0], num=64)
    initial = InitialState(
        density, momentum=Waves(2, 2, 1), ramp=0.1, potential=potential
    )
    net = NCL([3, 8, 3], "tanh", "Glorot normal", periods=1.0, initial=initial)
    for p in net.parameters():
        torch.nn.init.zeros_(p)
    axis = torch.arange(32) / 32
    x = torch.cartesian_prod(axis, axis)
    spread = [
        net(torch.cat([x, torch.full((len(x), 1), t)], 1)).std(dim=0).detach()
        for t in (0.0, 0.1, 4.0)
    ]
    assert (spread[1] < spread[0])[1:].all()
    # exp(-40) times the state, and the round-off of the series.
    assert spread[2].max() < 1e-10


# ------------------------------------------------------------------------------ walls


def ball(x):
    return 1 - x.square().sum(dim=1, keepdim=True)


def on_sphere(d, n=50):
    x = torch.randn(n, d, generator=torch.Generator().manual_seed(0))
    return x / x.norm(dim=1, keepdim=True)


class Swirl:
    """Tangential on every sphere around the origin."""

    def __init__(self, d):
        self.d = d

    def __call__(self, x):
        turned = torch.zeros_like(x)
        if self.d > 1:
            turned = torch.cat([-x[:, 1:2], x[:, :1], 0 * x[:, 2:]], dim=1)
        return (1 + x.square().sum(1, keepdim=True)) * turned + ball(x) * x.cos()


def bump(x):
    return 2 + torch.exp(-x.square().sum(dim=1, keepdim=True)) + 0.1 * x[:, :1]


@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("state", ["none", "density", "all"])
def test_nothing_crosses_a_wall(d, construction, state):
    if (d, construction, state) == (3, "vector", "all"):
        pytest.skip("third derivatives of the state in 3D: ten seconds, nothing new")
    torch.manual_seed(d)
    initial = {
        "none": None,
        "density": InitialState(bump),
        "all": InitialState(bump, velocity=Swirl(d), ramp=0.1),
    }[state]
    net = NCL(
        [d + 1, 8, 6, d + 1],
        "tanh",
        "Glorot normal",
        construction=construction,
        wall=Wall(ball, on_sphere(d)),
        initial=initial,
    )
    n = on_sphere(d, 40)
    x = torch.cat([n, torch.rand(40, 1)], dim=1)
    for _ in range(2):
        m = net(x)[:, 1:]
        assert (m * n).sum(dim=1).abs().max() <= LIMIT * max(1, m.abs().max())
        if d > 1:  # tangential slip is free
            assert m.abs().max() > 1e-2
        assert continuity(net, torch.rand(20, d + 1) - 0.3) <= LIMIT
        train(net, torch.rand(20, d + 1))
    if initial is not None and initial.has_momentum:
        assert_starts(net, initial, torch.rand(20, d + 1) / 2)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_total_mass_in_a_disk_is_constant(construction):
    torch.manual_seed(0)
    net = NCL(
        [3, 8, 3],
        "tanh",
        "Glorot normal",
        construction=construction,
        wall=Wall(ball, on_sphere(2)),
        initial=InitialState(bump, velocity=Swirl(2)),
    )
    # Gauss in the radius times trapezoidal in the angle: both spectral.
    nodes, weights = (
        torch.as_tensor(v, dtype=torch.float64)
        for v in np.polynomial.legendre.leggauss(40)
    )
    r, wr = (nodes + 1) / 2, weights / 2
    angle = 2 * math.pi * torch.arange(80) / 80
    x = torch.stack([torch.outer(r, angle.cos()), torch.outer(r, angle.sin())], dim=-1)
    w = (r * wr)[:, None].expand(-1, 80).flatten() * 2 * math.pi / 80
    x = x.reshape(-1, 2)

    def mass(t):
        rho = net.density(torch.cat([x, torch.full((len(x), 1), t)], dim=1)).detach()
        return float((rho[:, 0] * w).sum())

    expected = float((bump(x)[:, 0] * w).sum())
    assert expected == pytest.approx(2 * math.pi + math.pi * (1 - math.exp(-1)))
    for t in (0.0, 0.3, 1.0):
        assert mass(t) == pytest.approx(expected, rel=LIMIT)


def channel(x):
    return x[:, 1:] * (1 - x[:, 1:])


def test_a_channel_is_periodic_along_its_walls():
    torch.manual_seed(0)
    walls = torch.rand(40, 2)
    walls[:, 1] = (torch.arange(40) % 2).double()

    def along(x):
        return torch.stack([2 + torch.sin(2 * math.pi * x[:, 0]), channel(x)[:, 0]], 1)

    initial = InitialState(lambda x: 2 + along(x)[:, 1:], momentum=along, ramp=0.1)
    net = NCL(
        [3, 8, 3],
        "tanh",
        "Glorot normal",
        periods=[1.0, None],
        wall=Wall(channel, walls),
        initial=initial,
        mean_momentum=[2.0, 0.0],
    )
    x = torch.rand(20, 3)
    assert_starts(net, initial, x)
    assert continuity(net, x) <= LIMIT
    on_wall = torch.cat([walls, torch.rand(40, 1)], dim=1)
    assert net(on_wall)[:, 2].abs().max() <= LIMIT
    torch.testing.assert_close(net(x + torch.tensor([1.0, 0, 0])), net(x))


def test_points_of_a_wall_may_be_of_single_precision():
    points = on_sphere(2).float()

    def layer(x):
        return Swirl(2)(x) + 1e3 * ball(x) * x

    state = InitialState(bump, momentum=layer)
    net = NCL(
        [3, 4, 3],
        "tanh",
        "Glorot normal",
        wall=Wall(ball, points),
        initial=state,
    )
    # Round-off of a point, 1e-16, times the slope across the wall.
    x, n = net._ansatz._maps[0].function.wall.surface()
    assert ball(x).abs().max() < 1e-12
    torch.testing.assert_close(n, -x)
