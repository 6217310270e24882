"""Initial states and walls hold to round-off, for random states and networks."""

import copy
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import jacrev, vmap

from ncl_deepxde.nn import NCL, InitialState, Wall

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
    initial = InitialState(
        density,
        **field,
        time=draw(st.sampled_from([0.0, 0.7])),
        ramp=draw(st.sampled_from([None, 0.1])),
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
    J = jacobian(net, x)
    # Each component of the momentum depends on weights: it is not fixed at t = 0.
    for i in (1, 2):
        gradients = torch.autograd.grad(
            net(x)[:, i].sum(), list(net.parameters()), allow_unused=True
        )
        assert max(float(g.abs().max()) for g in gradients if g is not None) > 1e-3
    assert continuity(net, torch.rand(20, 3)) <= LIMIT
    assert J.shape == (20, 3, 3)


def test_served_derivatives_agree_with_nested_differentiation():
    torch.manual_seed(0)
    initial = InitialState(Waves(2, 1, 0, 4.0), velocity=Waves(2, 2, 1), ramp=0.2)
    for construction in ("matrix", "vector"):
        net = NCL(
            [3, 8, 4],
            "tanh",
            "Glorot normal",
            construction=construction,
            periods=1.0,
            initial=initial,
        )
        x = torch.rand(10, 3).requires_grad_()
        y = net(x)
        rows = [
            torch.autograd.grad(c.sum(), x, retain_graph=True)[0]
            for c in y.unbind(dim=1)
        ]
        J = jacobian(net, x.detach())
        assert J.shape == (10, 4, 3)
        torch.testing.assert_close(torch.stack(rows, 1), J, rtol=1e-10, atol=1e-9)


def test_remembered_points_are_compared_by_value():
    torch.manual_seed(0)
    net = NCL(
        [3, 8, 3], "tanh", "Glorot normal", initial=InitialState(Waves(2, 1, 0, 4.0))
    )
    x = torch.rand(10, 3)
    first = net(x)
    x[:, 2] += 0.5  # the same tensor with other values
    assert (net(x) - first).abs().max() > 1e-3
    x[:, 2] -= 0.5
    torch.testing.assert_close(net(x), first)


def test_pickle_and_deepcopy():
    torch.manual_seed(0)
    net = NCL(
        [3, 8, 3], "tanh", "Glorot normal", initial=InitialState(Waves(2, 1, 0, 4.0))
    )
    x = torch.rand(10, 3)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        torch.testing.assert_close(other(x), net(x))


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


# ----------------------------------------------------------------------------- errors


def build(**arguments):
    d = arguments.pop("d", 2)
    return NCL([d + 1, 4, d + 1], "tanh", "Glorot normal", **arguments)


BAD = [
    (lambda: build(initial=InitialState(bump), mean_density=1.0), "mean_density"),
    (
        lambda: build(
            initial=InitialState(bump, velocity=Swirl(2)), mean_momentum="trained"
        ),
        "mean_momentum",
    ),
    (lambda: InitialState(bump, Swirl(2), Swirl(2)), "momentum and velocity"),
    (lambda: InitialState(bump, ramp=0.0), "ramp"),
    (lambda: build(initial=InitialState(lambda x: x[:, 0])), "density"),
    (lambda: build(initial=InitialState(lambda x: x[:, :1].numpy())), "density"),
    (lambda: build(initial=InitialState(bump, momentum=bump)), "momentum"),
    (lambda: build(wall=Wall(lambda x: x, on_sphere(2))), "wall"),
    (lambda: build(wall=Wall(ball, on_sphere(2) / 2)), "points"),
    (lambda: build(wall=Wall(lambda x: ball(x) ** 2, on_sphere(2))), "gradient"),
    (lambda: build(wall=Wall(ball, on_sphere(3))), "points"),
    (
        lambda: build(
            wall=Wall(ball, on_sphere(2)),
            initial=InitialState(bump, velocity=lambda x: x),
        ),
        r"initial.*m\.n.*grad\(phi\)",
    ),
    (
        lambda: build(wall=Wall(ball, on_sphere(2)), mean_momentum=[1.0, 0.0]),
        "mean_momentum",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
