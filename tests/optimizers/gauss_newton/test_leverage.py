"""Leverages against those of a dense decomposition; what points learn from them."""

from __future__ import annotations

import contextlib
import copy
import io
import math
from statistics import median

import deepxde as dde
import pytest
import torch
from torus_flow import jacobian_of, matrix_of, torus_model

from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.optimizers.gauss_newton import damped_solve
from ncl_deepxde.optimizers.gauss_newton.damped_solve import (
    SolverOptions,
    damped_system,
)
from ncl_deepxde.optimizers.gauss_newton.leverage import leverages, teach
from ncl_deepxde.runs.model_state import model_state, restore_model


def dense(J, damping):
    mu = damping * J.square().sum() / len(J)
    U, s, _ = torch.linalg.svd(J, full_matrices=False)
    return U.square() @ (s.square() / (s.square() + mu))


@pytest.mark.parametrize("damping", [1e-2, 1e-6])
@pytest.mark.parametrize("kind", ["gram", "auto"])
def test_estimates_are_those_of_a_dense_solution(monkeypatch, kind, damping) -> None:
    monkeypatch.setattr(damped_solve, "LEAST_SPANNED", 1)
    jacobian = jacobian_of(torus_model(num_points=80))
    with torch.no_grad():
        J = matrix_of(jacobian)
        expected = dense(J, damping)
        system = damped_system(jacobian, SolverOptions(kind, 1, 1e-3, 1), 0)
        solver = system.at(damping)
        assert solver.spread is not None
        draws = 20_000
        found = leverages(solver.spread, torch.randn(draws, J.shape[1]))
    # Each has the relative standard deviation sqrt(2 / draws); six of them.
    assert found == pytest.approx(expected, rel=6 * math.sqrt(2 / draws), abs=1e-9)


def test_kernels_tell_no_leverages() -> None:
    jacobian = jacobian_of(torus_model(num_points=10))
    with torch.no_grad():
        solver = damped_system(jacobian, SolverOptions("kernel", 1, 1e-3, 1), 0).at(1)
    assert solver.spread is None
    teach(None, jacobian, solver, 0)


VISCOSITY = 0.02


def burgers(x, y):
    flux = y.square() / 2 - VISCOSITY * dde.grad.jacobian(y, x, i=0, j=0)
    return dde.grad.jacobian(y, x, i=0, j=1) + dde.grad.jacobian(flux, x, i=0, j=0)


def model_of(*, aim=True, points=300):
    dde.config.set_random_seed(0)
    net = dde.nn.FNN([2, 12, 12, 1], "tanh", "Glorot normal")
    net.apply_output_transform(
        lambda x, y: (
            -torch.sin(math.pi * x[:, :1]) * (1 - x[:, 1:])
            + x[:, 1:] * (1 - x[:, :1].square()) * y
        )
    )
    data = Collocation(burgers, kronecker_box([-1, 0], [1, 1]), points)
    model = dde.Model(data, net)
    model.compile(GaussNewton(model, aim=aim, growth=False), verbose=0)
    return model


def go(model, steps):
    with contextlib.redirect_stdout(io.StringIO()):
        model.train(iterations=steps, verbose=0, display_every=10**9)
    return model


def test_points_learn_where_the_layer_is() -> None:
    """Steps leave less elsewhere than with as many uniform points."""
    data, aimed = (m := go(model_of(), 45)).data, m.opt.history
    plain, uniform = (m := go(model_of(aim=False), 45)).data, m.opt.history
    assert plain.density.leverages is None
    points = data.train_next_batch()[0]
    layer = (points[:, 0].abs() < 0.1).double().mean()
    assert layer > 0.13  # of uniform points 0.1

    def excess(history):
        return median(r.held_out / r.left for r in history[-15:])

    # One seed: 2.2 and 10; the best losses 9e-6 and 1.3e-4.
    assert excess(aimed) < 0.5 * excess(uniform)
    assert aimed[-1].best < 0.5 * uniform[-1].best


def test_fewer_residuals_than_parameters_teach_nothing() -> None:
    assert go(model_of(), 2).data.density.leverages is not None
    assert go(model_of(points=30), 2).data.density.leverages is None


def test_training_goes_on_at_the_same_points() -> None:
    whole = go(model_of(), 4)
    state = copy.deepcopy(model_state(whole))
    go(whole, 3)
    resumed = model_of()
    restore_model(resumed, state)
    go(resumed, 3)
    pairs = zip(whole.net.parameters(), resumed.net.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
