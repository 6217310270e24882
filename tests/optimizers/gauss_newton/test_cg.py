"""Conjugate gradients and their preconditioner."""

from __future__ import annotations

import pytest
import torch
from torus_flow import jacobian_of, matrix_of, torus_model

from ncl_deepxde.optimizers.gauss_newton.cg import conjugate_gradients, nystrom


def test_full_sketch_is_the_kernel() -> None:
    jacobian = jacobian_of(torus_model())
    J = matrix_of(jacobian)
    K = J @ J.T
    sketch = nystrom(jacobian, 1000, 0)
    U, values = sketch.vectors, sketch.values
    assert U.shape == K.shape
    # The shift adds sqrt(R) eps |K|, and the factorization divides by it.
    scale = K.norm().item()
    torch.testing.assert_close((U * values) @ U.T, K, rtol=0, atol=1e-12 * scale)
    assert sketch.scale == pytest.approx(K.diagonal().mean().item())
    damped = K + 0.1 * torch.eye(len(K))
    product = torch.stack([sketch.preconditioner(0.1)(row) for row in damped])
    level = values[-1].item() + 0.1
    torch.testing.assert_close(product, level * torch.eye(len(K)), rtol=0, atol=1e-9)


def test_sketch_depends_on_its_seed_alone() -> None:
    jacobian = jacobian_of(torus_model())
    first, state = nystrom(jacobian, 7, 3), torch.get_rng_state()
    torch.rand(5)
    second, other = nystrom(jacobian, 7, 3), nystrom(jacobian, 7, 4)
    assert torch.equal(first.vectors, second.vectors)
    assert not torch.equal(first.vectors, other.vectors)
    torch.set_rng_state(state)
    nystrom(jacobian, 7, 3)
    assert torch.equal(torch.get_rng_state(), state)


def test_preconditioner_saves_iterations() -> None:
    jacobian = jacobian_of(torus_model())
    J = matrix_of(jacobian)
    sketch = nystrom(jacobian, 40, 0)
    mu, counts = 1e-4 * sketch.scale, []

    def A(v):
        counts[-1] += 1
        return J @ (v @ J) + mu * v

    for precondition in (lambda v: v, sketch.preconditioner(mu)):
        counts.append(0)
        a, is_accurate = conjugate_gradients(
            A, jacobian.residuals, precondition, 1e-6, 500
        )
        assert is_accurate
        assert (A(a) - jacobian.residuals).norm() < 2e-6 * jacobian.residuals.norm()
    assert counts[1] < counts[0] / 3
