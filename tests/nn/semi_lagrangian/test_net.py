"""Density along trajectories: affine flows, a second solver, continuity, errors."""

import deepxde as dde
import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.interpolate import RegularGridInterpolator
from scipy.linalg import expm

from ncl_deepxde.evaluation.solution import NetworkSolution, continuity_error
from ncl_deepxde.nn import SemiLagrangian

BOX = (-2.0, 2.0)
START = 0.25


def network(dim=2, **options):
    """Return a small network with a rough grid and a velocity of order one."""
    torch.manual_seed(0)
    settings = {
        "box": BOX,
        "grid": 6,
        "hidden": (12, 12),
        "start": START,
        "tolerance": 1e-8,
        "noise": 0.5,
    }
    return SemiLagrangian(dim, **settings | options)


def inputs_for(dim, n=7):
    """Return points around the box, times on both sides of the start and at it."""
    x = 4 * torch.rand(n, dim) - 2
    t = torch.linspace(-0.5, 1.0, n)[:, None]
    return torch.cat([x, t], dim=1)


def affine_network(dim, hidden, **options):
    r"""Return a network with u = A x + c + e t and log rho = a x + b at the start.

    Pairs of units hold softplus(z) - softplus(-z) = z, exactly; multilinear
    interpolation of a linear function is exact.
    """
    net = network(dim, hidden=[2 * dim] * hidden, activation="softplus", **options)
    net.eval()
    rng = np.random.default_rng(1)
    A, c, e, a = (rng.normal(size=s) for s in ((dim, dim), dim, dim, dim))
    eye = np.eye(dim)
    pair = np.vstack([eye, -eye])
    layers = net.field.layers
    with torch.no_grad():
        for p in net.field.parameters():
            p.zero_()
        for k, layer in enumerate(layers):
            before = eye if k == 0 else pair.T
            after = A if k == hidden else pair
            layer.weight.copy_(torch.as_tensor(after @ before))
        layers[-1].bias.copy_(torch.as_tensor(c))
        net.field.drifts[-1].copy_(torch.as_tensor(e))
        axis = np.linspace(*BOX, 6)
        nodes = np.stack(np.meshgrid(*[axis] * dim, indexing="ij"), axis=-1)
        net.grid.values.copy_(torch.as_tensor(0.3 * nodes @ a - 0.5))

    # (x, 1, t)' = B (x, 1, t)
    B = np.zeros((dim + 2, dim + 2))
    B[:dim, :dim], B[:dim, dim], B[:dim, dim + 1], B[dim + 1, dim] = A, c, e, 1

    def move(x, t0, t1):
        rows = [
            expm((t1 - t0) * B) @ [*row, 1, t0]
            for row, t0, t1 in zip(x, t0, t1, strict=True)
        ]
        return np.stack(rows)[:, :dim]

    def log_density(x, t):
        x_0 = move(x, t, np.full(len(x), START)).clip(*BOX)
        return 0.3 * x_0 @ a - 0.5 - np.trace(A) * (t - START)

    return net, move, log_density


@pytest.mark.parametrize("hidden", [1, 2, 3])
@pytest.mark.parametrize("dim", [2, 3])
def test_affine_flow_has_the_density_of_its_formula(dim, hidden, dtype) -> None:
    tolerance = {torch.float64: 1e-9, torch.float32: 1e-5}[dtype]
    net, _, log_density = affine_network(dim, hidden, tolerance=tolerance)
    inputs = inputs_for(dim)
    x, t = inputs[:, :dim].double().numpy(), inputs[:, dim].double().numpy()
    found = net.log_density(inputs)
    assert found.shape == (7, 1)
    assert found.dtype == dtype
    # Local errors of some 20 steps add up.
    limit = 20 * tolerance
    right = log_density(x, t)
    assert np.abs(found.detach().numpy()[:, 0] - right).max() < limit
    outputs = net(inputs)
    assert outputs.shape == (7, dim + 1)
    rho = np.exp(right)[:, None]
    np.testing.assert_allclose(outputs.detach().numpy()[:, :1], rho, rtol=limit)
    assert torch.equal(outputs[:, 1:], net.velocity(inputs))


@pytest.mark.parametrize("dim", [2, 3])
def test_transport_follows_the_affine_flow_and_back(dim) -> None:
    net, move, _ = affine_network(dim, 2, tolerance=1e-9)
    inputs = inputs_for(dim)
    x, t0 = inputs[:, :dim], inputs[:, dim:]
    found = net.transport(x, t0, 0.7)
    assert found.shape == (7, dim)
    right = move(x.numpy(), t0[:, 0].numpy(), np.full(7, 0.7))
    assert np.abs(found.detach().numpy() - right).max() < 1e-7
    assert (net.transport(found, 0.7, t0) - x).abs().max() < 1e-7
    assert torch.equal(net.transport(x, 0.1, 0.1), x)


@pytest.mark.parametrize("activation", ["tanh", "silu"])
def test_density_agrees_with_another_solver_and_another_interpolation(activation):
    net = network(activation=activation, grid=(6, 9), box=((-2.0, -1.0), 1.5))
    axes = np.linspace(-2, 1.5, 6), np.linspace(-1, 1.5, 9)
    grid = RegularGridInterpolator(axes, net.grid.values.detach().numpy())
    low, high = [-2.0, -1.0], [1.5, 1.5]

    def rate(t, state):
        x = torch.tensor(state[None, :2], requires_grad=True)
        u = net.velocity(torch.cat([x, torch.full((1, 1), t)], dim=1))
        J = [torch.autograd.grad(u[0, i], x, retain_graph=True)[0] for i in range(2)]
        return [*u[0].tolist(), float(J[0][0, 0] + J[1][0, 1])]

    inputs = inputs_for(2, 4)
    log_rho = net.log_density(inputs).detach().numpy()
    for row, found in zip(inputs.numpy(), log_rho, strict=True):
        path = solve_ivp(
            rate, (row[2], START), [*row[:2], 0], "DOP853", rtol=1e-10, atol=1e-10
        )
        end = path.y[:, -1]
        right = grid(end[:2].clip(low, high))[0] + end[2]
        assert found[0] == pytest.approx(right, abs=1e-6)


def test_rows_at_the_start_have_the_density_of_the_grid() -> None:
    net = network(adjoint=False)
    inputs = inputs_for(2)
    inputs[::2, 2] = START
    at_start = net.grid(inputs[::2, :2])
    assert torch.equal(net.log_density(inputs)[::2], at_start)
    assert torch.equal(net.log_density(inputs[::2]), at_start)


@pytest.mark.parametrize(
    ("dim", "hidden", "divergence", "is_random"),
    [
        (2, 3, "auto", False),
        (3, 2, "auto", False),
        (3, 3, "auto", True),
        (3, 3, "exact", False),
        (2, 2, "hutchinson", True),
    ],
)
def test_divergence_is_estimated_in_training_only(dim, hidden, divergence, is_random):
    net = network(dim, hidden=[6] * hidden, divergence=divergence, tolerance=1e-6)
    inputs = inputs_for(dim)
    first, second = net.density(inputs), net.density(inputs)
    assert torch.equal(first, second) != is_random
    with torch.no_grad():
        exact = net.density(inputs)
        assert torch.equal(net.density(inputs), exact)
    net.eval()
    assert torch.equal(net.density(inputs), exact)


@pytest.mark.parametrize("adjoint", [True, False])
@pytest.mark.parametrize("output", ["velocity", "flux"])
@pytest.mark.parametrize("dim", [2, 3])
def test_continuity_holds_up_to_the_tolerance(dim, output, adjoint) -> None:
    rng = np.random.default_rng(0)
    points, times = rng.uniform(-2, 2, (20, dim)), rng.uniform(0, 1, (20, 1))
    relative = []
    for tolerance in (1e-3, 1e-9):
        net = network(
            dim, output=output, adjoint=adjoint, tolerance=tolerance, hidden=[12] * 3
        )
        with torch.no_grad():
            net.field.layers[-1].weight.mul_(6.0)
        relative.append(continuity_error(net, points, times).relative)
        assert net.training
    assert 1e-5 < relative[0] < 1e-1
    assert relative[1] < 1e-7


def test_parameters_of_the_activation_are_those_of_the_velocity() -> None:
    net = network(activation="LAAF-10 tanh", tolerance=1e-4)
    net.density(inputs_for(2)).sum().backward()
    assert len(net.velocity_parameters()) == 3 * 3 + 1
    assert all(float(p.grad.abs().max()) > 0 for p in net.velocity_parameters())


def test_network_trains_in_deepxde_with_two_learning_rates() -> None:
    truth, _, _ = affine_network(2, 1)
    x = 3 * torch.rand(60, 3) - 1.5
    with torch.no_grad():
        observed = truth(x).numpy()
    net = network(tolerance=1e-4, noise=1e-4)
    geometry = dde.geometry.Hypercube([-2.0] * 3, [2.0] * 3)
    columns = [
        dde.icbc.PointSetBC(x.numpy(), observed[:, i : i + 1], component=i)
        for i in range(3)
    ]
    model = dde.Model(dde.data.PDE(geometry, None, columns), net)
    groups = [
        {"params": net.grid_parameters(), "lr": 5e-2},
        {"params": net.velocity_parameters(), "lr": 1e-2},
    ]
    assert sum(len(g["params"]) for g in groups) == len(list(net.parameters()))
    model.compile(torch.optim.Adam(groups))
    model.train(iterations=60, display_every=60, verbose=0)
    first, last = model.losshistory.loss_train[0], model.losshistory.loss_train[-1]
    assert all(b < 0.5 * a for a, b in zip(first, last, strict=True))


def test_network_is_a_solution_and_survives_a_round_trip(dtype) -> None:
    points = np.random.default_rng(0).uniform(-2, 2, (9, 2))
    found = [
        NetworkSolution(network(output=output, tolerance=1e-5))(points, 0.8)
        for output in ("velocity", "flux")
    ]
    assert found[0]["rho"].shape == (9, 1)
    for field in ("rho", "u"):
        eps = torch.finfo(dtype).eps
        np.testing.assert_allclose(found[0][field], found[1][field], rtol=8 * eps)
    net = network(tolerance=1e-5)
    other = SemiLagrangian(2, box=(-3.0, 3.0), grid=6, hidden=(12, 12), start=START)
    other.load_state_dict(net.state_dict())
    inputs = inputs_for(2)
    assert torch.equal(other(inputs), net(inputs))


BAD_OPTIONS = {
    "dim": [1, 4, "2", None],
    "box": [2.0, (2.0, -2.0), (0.0, 0.0), ((0.0, 0.0), 1.0, 2.0), ([0.0], 1.0), "ab"],
    "grid": [1, 0, 2.5, (5, 1), (5, 5, 5), "5", True],
    "hidden": [(), (0,), (8, 2.0), "8"],
    "start": [np.inf, np.nan, "0", None],
    "tolerance": [0, -1e-5, np.nan, "low"],
    "noise": [-1e-4, np.inf],
    "max_steps": [0, 1.5, None],
    "divergence": ["trace", None],
    "output": ["momentum", None],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in BAD_OPTIONS.items() for value in values],
    ids=str,
)
def test_bad_arguments_are_named(name, value) -> None:
    with pytest.raises(ValueError, match=f"^{name}: must .*got") as error:
        SemiLagrangian(**{"dim": 2, "box": BOX} | {name: value})
    assert repr(value) in str(error.value)


def test_kinked_activation_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^activation: must be"):
        network(activation="relu")


@pytest.mark.parametrize("shape", [(3,), (5, 2), (5, 4), (1, 5, 3)])
def test_inputs_of_another_shape_are_refused(shape) -> None:
    for method in ("forward", "flux", "density", "log_density", "velocity"):
        with pytest.raises(ValueError, match=r"^inputs: must have shape \(N, 3\)"):
            getattr(network(), method)(torch.zeros(shape))


def test_bad_calls_are_explained() -> None:
    net, x = network(), torch.zeros(5, 2)
    with pytest.raises(ValueError, match=r"^x: must have shape \(N, 2\)"):
        net.transport(torch.zeros(5, 3), 0.0, 1.0)
    with pytest.raises(ValueError, match=r"^t1: must be .* \(5, 1\).*got.*\(5,\)"):
        net.transport(x, 0.0, torch.zeros(5))
    with pytest.raises(ValueError, match=r"^inputs: must have the dtype.*float32"):
        net(torch.zeros(5, 3, dtype=torch.float32))
    for apply in net.apply_feature_transform, net.apply_output_transform:
        with pytest.raises(ValueError, match=apply.__name__):
            apply(lambda x: x)
