"""Observations of any column, with gaps, noise and batches, in time and steady."""

import deepxde as dde
import numpy as np
import pytest
import torch
from observed_blob import losses, model_of

from ncl_deepxde.data import Observations, Observed, Table
from ncl_deepxde.nn import DivergenceFree
from ncl_deepxde.optimizers import GaussNewton

RNG = np.random.default_rng(0)
X = RNG.random((40, 3))
HEAT = np.sin(3 * X[:, :1]) + X[:, 2:]
PAIR = np.hstack([X[:, :1], X[:, 1:2] ** 2])


def plain(inputs=3, outputs=4):
    return dde.nn.FNN([inputs, 8, outputs], "tanh", "Glorot normal")


def test_terms_are_mean_squares_of_columns_over_noise() -> None:
    table = Table(X, values={"T": HEAT, "w": PAIR}, noise={"w": [[0.5, 2.0]]})
    data, net = Observations(table, 40, columns={"w": [3, 1], "T": 2}), plain()
    found = losses(model_of(data, net))
    y = net(torch.as_tensor(X)).detach()
    w = (y[:, [3, 1]] - torch.as_tensor(PAIR)) / torch.tensor([[0.5, 2.0]])
    T = y[:, 2:3] - torch.as_tensor(HEAT)
    expected = torch.stack([w.square().mean(), T.square().mean()])
    # Some hundred operations in float64.
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
    assert data.loss_names == ["w", "T"]


def test_missing_entries_do_not_count() -> None:
    gappy = HEAT.copy()
    gappy[::3] = np.nan
    table, net = Table(X, values={"T": gappy}), plain()
    data = Observations(table, 40, columns={"T": 0})
    known = ~np.isnan(gappy[:, 0])
    y = net(torch.as_tensor(X[known])).detach()[:, :1]
    defect = y - torch.as_tensor(gappy[known])
    found = losses(model_of(data, net))
    torch.testing.assert_close(found[0], defect.square().mean(), rtol=1e-12, atol=0)


def test_columns_stand_beside_density_and_velocity() -> None:
    rho = 1 + X[:, :1]
    table = Table(X, rho, PAIR, values={"T": HEAT})
    options = {"density": "linear", "velocity": "velocity", "output": "velocity"}
    data, net = Observations(table, 40, columns={"T": 3}, **options), plain()
    found, y = losses(model_of(data, net)), net(torch.as_tensor(X)).detach()
    targets = zip((y[:, :1], y[:, 1:3], y[:, 3:]), (rho, PAIR, HEAT), strict=True)
    expected = [(a - torch.as_tensor(b)).square().mean() for a, b in targets]
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-12, atol=0)
    assert data.loss_names == ["density", "velocity", "T"]


def test_rows_of_all_quantities_stay_together() -> None:
    i = np.arange(12.0)[:, None]
    noise = {"T": i + 1, "w": [[1.0, 2.0]]}
    values = {"T": i + 100, "w": np.hstack([i, i])}
    table = Table(i, values=values, noise=noise, time=False, stations=["a", "b"] * 6)
    _, held_out = table.hold_out(["b"])
    for part, size in ((table, 5), (held_out, 4)):
        rows = part(size, torch.Generator().manual_seed(0))
        assert (len(rows), rows.dim, rows.time) == (size, 1, False)
        assert torch.equal(rows.values["T"], rows.points + 100)
        assert torch.equal(rows.noise["T"], rows.points + 1)
        assert torch.equal(rows.values["w"], rows.points.expand(-1, 2))
        assert torch.equal(rows.noise["w"], torch.tensor([[1.0, 2.0]]))
    assert torch.equal(held_out.observed.points[:, 0], torch.arange(1.0, 12, 2))


def rotation(x):
    """A steady field without divergence."""
    return np.hstack([-np.sin(x[:, 1:]), np.sin(x[:, :1])])


def adam(model):
    model.compile("adam", lr=1e-2, verbose=0)
    return 400


def lbfgs(model):
    model.compile("L-BFGS", verbose=0)
    return 200


def gauss_newton(model):
    model.compile(GaussNewton(model), verbose=0)
    return 25


@pytest.mark.parametrize("compiled", [adam, lbfgs, gauss_newton])
@pytest.mark.parametrize("kind", ["plain", "exact"])
def test_steady_fields_are_fitted_in_batches(kind, compiled) -> None:
    dde.config.set_random_seed(0)
    x = np.random.default_rng(1).uniform(-2, 2, (200, 2))
    table = Table(x, values={"u": rotation(x)}, time=False)
    if kind == "plain":
        net = dde.nn.FNN([2, 16, 16, 2], "tanh", "Glorot normal")
    else:
        net = DivergenceFree([2, 16, 16, 2], "tanh", "Glorot normal")
    model = dde.Model(Observations(table, 100, columns={"u": [0, 1]}), net)
    steps = compiled(model)
    dde.optimizers.set_LBFGS_options(maxiter=200)
    model.train(iterations=steps, display_every=steps, verbose=0)
    y = np.random.default_rng(2).uniform(-2, 2, (100, 2))
    error = np.linalg.norm(model.predict(y) - rotation(y))
    assert error < 0.15 * np.linalg.norm(rotation(y))


def test_steady_flows_have_velocities_of_all_columns() -> None:
    x = X[:, :2]
    table = Table(x, velocity=rotation(x), time=False)
    data = Observations(table, 40, density=None, output="velocity")
    net = plain(2, 3)
    u = net(torch.as_tensor(x)).detach()[:, 1:]
    expected = (u - torch.as_tensor(rotation(x))).square().mean()
    torch.testing.assert_close(losses(model_of(data, net))[0], expected)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Table(X[:, :2], velocity=PAIR), "pass time=False"),
        (lambda: Table(X, values={"T": HEAT[:, 0]}), "values of 'T': .* reshape"),
        (lambda: Table(X, values={"T": HEAT[:9]}), r"values of 'T': .* got \(9, 1\)"),
        (lambda: Table(X, values={"T": HEAT / 0}), "values of 'T': must be finite"),
        (
            lambda: Table(X, values={"T": HEAT}, noise={"T": 0.0}),
            "noise of 'T': .*posi",
        ),
        (lambda: Table(X, values={"T": HEAT}, noise={"S": 1.0}), "noise: .*'S'"),
        (lambda: Observed(torch.zeros(3, 1)), "Pass time=False"),
        (lambda: Observations(Table(X), 9, columns={"T": -1}), "numbers of outputs"),
        (lambda: Observations(Table(X), 9, columns={"T": [1, 1]}), "must differ"),
        (lambda: Observations(Table(X), 9, columns={"T": []}), "numbers of outputs"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_bad_quantities_are_refused(build, message) -> None:
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"S": 0}, r"must name values of the source, \['T'\], got 'S'"),
        ({"T": 4}, r"columns of 'T' must be 1 of the network's 4"),
        ({"T": [0, 1]}, r"columns of 'T' must be 1 of"),
    ],
)
def test_columns_that_do_not_fit_are_refused(columns, message) -> None:
    data = Observations(Table(X, values={"T": HEAT}), 40, columns=columns)
    with pytest.raises(ValueError, match=message):
        losses(model_of(data, plain()))
