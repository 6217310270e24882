"""Damped least squares with singular values that the Gram matrix has lost."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torus_flow import flat, jacobian_of, matrix_of, torus_model

from ncl_deepxde.optimizers.gauss_newton import damped_solve
from ncl_deepxde.optimizers.gauss_newton.damped_solve import (
    SolverOptions,
    damped_system,
)
from ncl_deepxde.optimizers.gauss_newton.refinement import refined


def graded(num_rows=80, num_columns=30):
    """Return a matrix of singular values from 1 down to 1e-9 and a right side."""
    generator = torch.Generator().manual_seed(1)
    draw = partial(torch.randn, generator=generator, dtype=torch.float64)
    U = torch.linalg.qr(draw(num_rows, num_columns)).Q
    V = torch.linalg.qr(draw(num_columns, num_columns)).Q
    s = torch.logspace(0, -9, num_columns, dtype=torch.float64)
    # A right side that every singular vector has an equal part in after division.
    return U, s, V, U @ s


def test_small_singular_values_are_kept() -> None:
    U, s, V, b = graded()
    J, mu = U * s @ V.T, 1e-17
    G = J.T @ J
    factor = torch.linalg.cholesky(G + 1e-14 * torch.eye(len(G)))
    solve = partial(damped_solve._substitute, factor)
    expected = V @ (s / (s**2 + mu) * (U.T @ b))
    system = (lambda d: J @ d, lambda r: J.T @ r, solve, b, mu)
    # An error e in the smallest singular vectors leaves 1e-17 / 1e-7 e of the gradient.
    found, is_accurate = refined(*system, 1e-13, 60)
    assert is_accurate
    assert (found - expected).norm() < 1e-2 * expected.norm()
    assert (solve(J.T @ b) - expected).norm() > 0.2 * expected.norm()
    _, is_accurate = refined(*system, 1e-13, 2)
    assert not is_accurate


def test_gram_solver_is_refined_where_its_rounding_matters(monkeypatch) -> None:
    jacobian = jacobian_of(torus_model(num_points=80))
    with torch.no_grad():
        J = matrix_of(jacobian)
        monkeypatch.setattr(damped_solve, "REFINED", 1e-10)
        system = damped_system(jacobian, SolverOptions("gram", 1, 1e-3, 1), 0)
        U, s, V = torch.linalg.svd(J, full_matrices=False)
        b = torch.randn(len(J))
        for damping in (1e-13, 1e-16):
            mu = damping * s.square().sum() / len(J)
            expected = V.T @ (s / (s.square() + mu) * (U.T @ b))
            found = flat(system.at(damping).solve(b))
            assert (found - expected).norm() < 0.02 * expected.norm()
        monkeypatch.setattr(damped_solve, "refined", None)
        system.at(1e-3).solve(b)
        with pytest.raises(TypeError):
            system.at(1e-13).solve(b)
