"""The damped systems of Gauss-Newton: equal solutions, the smaller matrix."""

from __future__ import annotations

import deepxde as dde
import numpy as np
import pytest
import torch
from torus_flow import flat, jacobian_of, matrix_of, step, torus_model

from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.optimizers.gauss_newton import damped_solve
from ncl_deepxde.optimizers.gauss_newton.damped_solve import (
    SolverOptions,
    damped_system,
)
from ncl_deepxde.optimizers.gauss_newton.jacobian import Jacobian

TIGHT = {"tolerance": 1e-11, "iterations": 1000}


@pytest.mark.parametrize("kind", ["kernel", "gram", "cg"])
@pytest.mark.parametrize("num_points", [20, 80])
def test_solvers_agree_with_singular_values(kind: str, num_points: int) -> None:
    jacobian = jacobian_of(torus_model(num_points=num_points))
    J = matrix_of(jacobian)
    # More parameters than residuals, and fewer.
    assert (J.shape[0] < J.shape[1]) == (num_points == 20)
    b, damping = torch.randn(len(J)), 1e-4
    U, s, V = torch.linalg.svd(J, full_matrices=False)
    mu = damping * s.square().sum() / len(J)
    expected = V.T @ (s / (s.square() + mu) * (U.T @ b))
    options = SolverOptions(kind, rank=40, **TIGHT)
    found = flat(damped_system(jacobian, options, seed=0).at(damping).solve(b))
    # Condition number 1e2 / 1e-4 times the tolerance of conjugate gradients is 1e-5;
    # the largest errors are not in the smallest eigenvectors alone.
    assert (found - expected).norm() < 1e-6 * expected.norm()


def test_smaller_matrix_is_chosen(monkeypatch) -> None:
    for num_points, name in (20, "kernel"), (80, "gram"):
        jacobian = jacobian_of(torus_model(num_points=num_points))
        other = {"kernel": "gram", "gram": "kernel"}[name]
        with monkeypatch.context() as patch:
            patch.setattr(Jacobian, other, None)
            patch.setattr(damped_solve, "nystrom", None)
            damped_system(jacobian, SolverOptions("auto", 5, 1e-3, 5), 0).at(1e-3)
    with monkeypatch.context() as patch:
        patch.setattr(damped_solve, "MOST_DENSE", 50)
        patch.setattr(Jacobian, "kernel", None)
        patch.setattr(Jacobian, "gram", None)
        damped_system(jacobian, SolverOptions("auto", 5, 1e-3, 5), 0).at(1e-3)


@pytest.mark.parametrize("kind", ["kernel", "gram", "cg"])
def test_dampings_of_one_system_need_one_matrix(monkeypatch, kind: str) -> None:
    jacobian = jacobian_of(torus_model())
    options = SolverOptions(kind, rank=40, **TIGHT)
    b = torch.randn(len(jacobian.residuals))
    system = damped_system(jacobian, options, seed=0)
    dampings = (1e-2, 1e-5, 1e-2)
    alone = [flat(damped_system(jacobian, options, 0).at(d).solve(b)) for d in dampings]
    with monkeypatch.context() as patch:
        for name in ("kernel", "gram", "columns"):
            patch.setattr(Jacobian, name, None)
        solvers = [system.at(damping) for damping in dampings]
        # A solver keeps its damping when others are made from the same matrix.
        found = [flat(solver.solve(b)) for solver in solvers]
    # The same operations in the same order.
    torch.testing.assert_close(found, alone, rtol=0, atol=0)
    assert (alone[0] - alone[1]).norm() > 0.1 * alone[1].norm()


def smooth_model(num_points: int) -> dde.Model:
    """Return a problem of rank about 40 for a network of 697 parameters."""

    def pde(x, y):
        return [dde.grad.jacobian(y, x, i=0, j=1) - dde.grad.hessian(y, x, i=0, j=0)]

    data = Collocation(pde, uniform_box([0.0, 0.0], [1.0, 1.0]), num_points)
    model = dde.Model(data, dde.nn.FNN([2, 24, 24, 1], "tanh", "Glorot normal"))
    model.compile(GaussNewton(model), verbose=0)
    return model


@pytest.mark.parametrize("kind", ["kernel", "gram", "auto"])
@torch.no_grad()
def test_small_dampings_keep_the_accuracy(monkeypatch, kind: str, dtype) -> None:
    with torch.enable_grad():
        jacobian = jacobian_of(smooth_model(640))
    b = torch.randn_like(jacobian.residuals)
    J = matrix_of(jacobian.double()).numpy()
    monkeypatch.setattr(damped_solve, "LEAST_SPANNED", 100)
    if kind == "auto":
        monkeypatch.setattr(Jacobian, "gram", None)
    system = damped_system(jacobian, SolverOptions(kind, 1, 1e-3, 1), seed=0)
    U, s, V = np.linalg.svd(J, full_matrices=False)
    for damping in (1e-2, 1e-4, 1e-5) if kind == "auto" else (1e-2, 1e-6, 1e-9):
        mu = damping * (s**2).sum() / len(J)
        expected = V.T @ (s / (s**2 + mu) * (U.T @ b.double().numpy()))
        found = flat(system.at(damping).solve(b))
        assert found.dtype == b.dtype == dtype
        # The result is rounded; the matrix is, with eigenvalues of at most 640 in units
        # of the damping's; the rows left out count 6e-8.
        rounding = 640 * torch.finfo(torch.float64).eps / damping
        bound = torch.finfo(b.dtype).eps + rounding + 1e-7 * (kind == "auto")
        error = np.linalg.norm(found.double().numpy() - expected)
        assert error < bound * np.linalg.norm(expected)


def test_independent_rows_are_factored(monkeypatch) -> None:
    monkeypatch.setattr(damped_solve, "LEAST_SPANNED", 10)
    jacobian = jacobian_of(torus_model())
    b, found = torch.randn(len(jacobian.residuals)), []
    for kind in ("auto", "kernel"):
        options = SolverOptions(kind, 1, 1e-3, 1)
        found.append(flat(damped_system(jacobian, options, 0).at(1e-6).solve(b)))
    torch.testing.assert_close(*found, rtol=0, atol=0)


def test_unreached_tolerance_warns_and_raises_the_damping() -> None:
    options = {"solver": "cg", "rank": 1, "tolerance": 1e-9, "iterations": 3}
    model = torus_model(**options)
    with pytest.warns(RuntimeWarning, match="conjugate gradients left"):
        step(model)
    assert model.opt.param_groups[0]["damping"] == pytest.approx(2e-3)
    # Three iterations from zero still descend.
    assert any(entry["direction"].any() for entry in model.opt.state.values())


@pytest.mark.parametrize("options", [{"solver": "cg"}, {"solver": "gram"}])
def test_steps_agree_with_the_kernel(options: dict) -> None:
    found = []
    for settings in ({"solver": "kernel"}, options | TIGHT):
        dde.config.set_random_seed(1)
        # Corrections need cheap solutions, which conjugate gradients have not.
        model = torus_model(corrections=0, **settings)
        for _ in range(3):
            step(model)
        found.append(flat(model.net.parameters()).detach())
    torch.testing.assert_close(*found, rtol=1e-6, atol=1e-6)
