"""Incompressible flows: no divergence of u, whatever the weights and the training."""

import contextlib

import deepxde as dde
import numpy as np
import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.data import Collocation, Observations, Table, uniform_box
from ncl_deepxde.nn import Incompressible, InitialVelocity, VelocityNet, Wall
from ncl_deepxde.optimizers import GaussNewton

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Relative to the largest single term of the sum.
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}
GLOROT = ("tanh", "Glorot normal")


def build(d=2, extras=1, time=True, hidden=(8, 7), **options):
    sizes = [d + time, *hidden, d + extras]
    return Incompressible(sizes, *GLOROT, time=time, **options)


def by_nesting(field, x):
    return vmap(jacrev(lambda z: field(z[None])[0]))(x).detach()


def by_autograd(field, x):
    x = x.clone().requires_grad_()
    with torch.enable_grad():
        columns = field(x).unbind(dim=1)
        rows = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in columns]
    return torch.stack(rows, dim=1).detach()


def by_differences(field, x, h=1e-2):
    """Central differences of order eight: error 4 h^8 |f^(9)| / 2520 and eps / h."""
    weights = [4 / 5, -1 / 5, 4 / 105, -1 / 280]
    rows = [
        sum(
            w * (field(x + h * k * axis) - field(x - h * k * axis))
            for k, w in enumerate(weights, start=1)
        )
        / h
        for axis in torch.eye(x.shape[1], dtype=x.dtype)
    ]
    return torch.stack(rows, dim=2).detach()


def relative_divergence(J, d):
    """Return the largest divergence by space, in units of the largest term."""
    terms = J[:, :d, :d].diagonal(dim1=1, dim2=2)
    assert float(terms.abs().max()) > 0
    return float(terms.sum(dim=1).abs().max() / terms.abs().max())


def assert_incompressible(net, x, limit):
    for derive in by_nesting, by_autograd:
        assert relative_divergence(derive(net, x), net.dim) < limit


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("time", [True, False])
@pytest.mark.parametrize("d", [2, 3, 4])
def test_velocity_is_incompressible(d, time, construction, served, dtype):
    # Each choice meets each value of the other options: pairs, not all products.
    choices = [None, 1.5, [0.7, *[None] * (d - 1)]]
    periods = choices[(d + time + served) % 3]
    options = {"periods": periods, "construction": construction, "served": served}
    net = build(d, extras=2, time=time, **options)
    assert isinstance(net, VelocityNet)
    assert (net.dim, net.has_time) == (d, time)
    for n in 1, 7:
        x = torch.rand(n, d + time)
        assert net(x).shape == (n, d + 2)
        assert net(x).dtype == dtype
        assert torch.equal(net.velocity(x), net(x)[:, :d])
        assert_incompressible(net, x, LIMITS[dtype])
    J = by_nesting(net, x)
    assert (J[:, d:] != 0).any(dim=0).all(), "extras are free"
    if time:
        assert (J[:, :d, d] != 0).any(dim=0).all(), "the velocity depends on time"


@pytest.mark.parametrize("time", [True, False])
@pytest.mark.parametrize("d", [2, 3])
def test_finite_differences_find_no_divergence(d, time) -> None:
    net = build(d, time=time)
    x = torch.rand(5, d + time)
    # The differences' own error: h^8 = 1e-16 times f^(9) / 630, and 1e2 eps.
    assert relative_divergence(by_differences(net, x), d) < 1e-10


def test_second_derivatives_are_served_and_right() -> None:
    net, x = build(3), torch.rand(5, 4, requires_grad=True)
    y = net(x)
    H = vmap(jacrev(jacrev(lambda z: net(z[None])[0])))(x.detach())
    for c in range(4):
        for i in range(3):
            found = dde.grad.hessian(y, x, component=c, i=i, j=i)
            torch.testing.assert_close(found[:, 0], H[:, c, i, i])
    dde.grad.clear()


def navier_stokes(x, y):
    """Residuals of the momentum, viscosity 0.1, columns (u, v, p), inputs (x, y, t)."""
    residuals = []
    for c in range(2):
        u_x, u_y, u_t = (dde.grad.jacobian(y, x, i=c, j=j) for j in range(3))
        viscous = sum(dde.grad.hessian(y, x, component=c, i=j, j=j) for j in range(2))
        advected = y[:, :1] * u_x + y[:, 1:2] * u_y
        p_c = dde.grad.jacobian(y, x, i=2, j=c)
        residuals.append(u_t + advected + p_c - 0.1 * viscous)
    return residuals


def taylor_green(points):
    """Velocity that decays and drifts, (N, 2), at points (N, 3)."""
    x, y, t = points.T[:, :, None] * [[[2 * np.pi]], [[2 * np.pi]], [[1.0]]]
    decay, s = np.exp(-t), x - 2 * np.pi * 0.3 * t
    u = 0.3 + np.cos(s) * np.sin(y) * decay
    return np.hstack([u, -np.sin(s) * np.cos(y) * decay])


@pytest.mark.parametrize("optimizer", ["adam", "gauss-newton"])
def test_training_keeps_it_incompressible(optimizer, dtype) -> None:
    net = build(hidden=(12, 12), periods=1.0)
    sampler = uniform_box([0.0, 0.0, 0.0], [1.0, 1.0, 0.5])
    model = dde.Model(Collocation(navier_stokes, sampler, 40), net)
    if optimizer == "adam":
        model.compile("adam", lr=1e-2, verbose=0)
    else:
        model.compile(GaussNewton(model), verbose=0)
    before = net.network.layers()[0].weight.detach().clone()
    model.train(iterations=5, verbose=0)
    assert not torch.equal(before, net.network.layers()[0].weight)
    assert_incompressible(net, torch.rand(7, 3), LIMITS[dtype])


def test_velocities_alone_identify_a_flow() -> None:
    rng = np.random.default_rng(0)
    points = rng.random((300, 3))
    table = Table(points[:200], velocity=taylor_green(points[:200]))
    net = build(hidden=(24, 24), extras=0, periods=1.0, served=1)
    model = dde.Model(Observations(table, 200, density=None), net)
    model.compile(GaussNewton(model), verbose=0)
    model.train(iterations=60, verbose=0)
    held_out = taylor_green(points[200:])
    error = net.velocity(torch.as_tensor(points[200:])).detach().numpy() - held_out
    # The drift, a constant that no periodic potential has, is found too.
    assert np.mean(error**2) < 0.05 * np.var(held_out)
    assert abs(net.bias[0].item() - 0.3) < 0.1


@pytest.mark.parametrize("options", [{}, {"density": "log"}, {"velocity": "momentum"}])
def test_observed_densities_are_refused(options) -> None:
    table = Table(np.ones((3, 3)), np.ones((3, 1)), np.ones((3, 2)))
    model = dde.Model(Observations(table, 3, **options), build())
    model.compile("adam", lr=1e-3, verbose=0)
    with pytest.raises(ValueError, match=r"density must be None .* Incompressible"):
        model.train(iterations=1, verbose=0)


def test_observed_velocities_must_have_its_dimension() -> None:
    table = Table(np.ones((3, 2)), velocity=np.ones((3, 1)))
    net = build(time=False)
    model = dde.Model(Observations(table, 3, density=None), net)
    model.compile("adam", lr=1e-3, verbose=0)
    with pytest.raises(ValueError, match=r"must give 2 components .* got 1"):
        model.train(iterations=1, verbose=0)


@pytest.mark.parametrize(
    ("periods", "trained"),
    [
        (None, []),
        (1.0, [0, 1, 2]),
        ([1.0, None, None], []),
        ([1.0, 2.0, None], [2]),
        ([None, 1.0, 2.0], [0]),
    ],
)
def test_constants_are_trained_where_no_potential_makes_them(periods, trained) -> None:
    net = build(3, extras=1, periods=periods)
    assert net.trained.tolist() == [*trained, 3]


def test_mean_velocity_is_that_of_the_torus() -> None:
    net = build(extras=0, periods=[1.0, 2.0], mean_velocity=[0.3, -0.2])
    x, y = torch.arange(64) / 64, torch.arange(64) / 32
    points = torch.cartesian_prod(x, y, torch.tensor([0.4]))
    # The trapezoidal rule of an analytic periodic function.
    mean = net(points.double()).mean(dim=0)
    torch.testing.assert_close(mean, torch.tensor([0.3, -0.2]), rtol=0, atol=1e-12)


def circle(n=20):
    angle = 2 * np.pi * torch.arange(n, dtype=torch.float64) / n
    return torch.stack([angle.cos(), angle.sin()], dim=1)


WALL = Wall(lambda x: 1 - x.square().sum(1, keepdim=True), circle())
REST = InitialVelocity(torch.zeros_like)

BAD = [
    (lambda: build(1), r"layer_sizes: .* got 2\. Pass time=False"),
    (lambda: build(1, time=False), "layer_sizes: the first entry"),
    (lambda: Incompressible([3, 8, 1], *GLOROT), r"layer_sizes: .* at least 2, .*u_1"),
    (lambda: build(time=1), "time: must be True"),
    (lambda: build(slip=False), "slip: must be True without a wall"),
    (lambda: build(slip="free", wall=WALL), "slip: must be True, for"),
    (lambda: build(wall=1.0), "wall: must be an nn.Wall"),
    (lambda: build(initial=1.0), "initial: must be an nn.InitialVelocity"),
    (lambda: build(time=False, initial=REST), "initial: must be None for a steady"),
    (lambda: build(lifting=2.0), "lifting: must be a function"),
    (lambda: build(mean_velocity=[1.0]), r"mean_velocity: must hold 2 finite"),
    (lambda: build(mean_velocity="free"), "mean_velocity: must be one of 'trained'"),
    (lambda: build(mean_velocity="trained", wall=WALL), "mean_velocity: .* beside a"),
    (lambda: build(mean_velocity=[1, 0], initial=REST), "mean_velocity: follows from"),
    (lambda: build(4, lifting=lambda x: x), "lifting: .* got 4 dimensions"),
    (lambda: build(served=3), "served: must be one of None, 0, 1, 2"),
    (lambda: build(construction="scalar"), "construction: must be one of"),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_bad_arguments_are_refused(make, message) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_output_transform_is_refused() -> None:
    with pytest.raises(ValueError, match=r"apply_output_transform: .* lifting"):
        build().apply_output_transform(lambda x, y: y)


def test_state_is_saved_and_loaded() -> None:
    net, other, x = build(periods=1.0), build(periods=1.0), torch.rand(5, 3)
    assert not torch.equal(net(x), other(x))
    other.load_state_dict(net.state_dict())
    assert torch.equal(net(x), other(x))


@pytest.mark.parametrize("context", [contextlib.nullcontext, torch.no_grad])
def test_it_predicts_without_gradients(context) -> None:
    net, x = build(), torch.rand(5, 3)
    with context():
        assert torch.equal(net(x), net(x.clone().requires_grad_()).detach())
