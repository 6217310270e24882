"""A few rows span the Jacobian, or the basis says that they do not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ncl_deepxde.optimizers.gauss_newton.blocks import DenseBlock
from ncl_deepxde.optimizers.gauss_newton.jacobian import Jacobian
from ncl_deepxde.optimizers.gauss_newton.row_basis import NEGLIGIBLE, RowBasis

R, P, FIRST = 96, 160, 40
OUTLIER = 17


def jacobian_from(J: Tensor) -> Jacobian:
    """Return J as the derivative of two residual functions by one parameter."""
    parts = J[:FIRST], J[FIRST:]
    blocks = [DenseBlock(part, torch.Size((P // 4, 4))) for part in parts]
    return Jacobian.of([part[:, 0] for part in parts], [blocks])


def falling(factor: float) -> Tensor:
    """Return J, (R, P), with singular values 1, factor, factor^2, ..."""
    U, V = (torch.linalg.qr(torch.randn(n, R)).Q for n in (R, P))
    return (U * factor ** torch.arange(R)) @ V.T


def test_rows_are_selected_by_number() -> None:
    J = torch.randn(R, P)
    index = torch.tensor([0, 3, FIRST - 1, FIRST, R - 1])
    found = jacobian_from(J).select(index)
    torch.testing.assert_close(found, J[index], rtol=0, atol=0)


@pytest.mark.parametrize("damping", [1e-2, 1e-5])
def test_what_is_left_is_negligible(damping: float) -> None:
    J = falling(0.02)
    basis = RowBasis(jacobian_from(J), seed=0)
    assert basis.reaches(damping)
    rank = basis.B.shape[1]
    assert rank < R / 2
    eye = torch.eye(rank)
    torch.testing.assert_close(basis.B.T @ basis.B, eye, rtol=0, atol=1e-13)
    torch.testing.assert_close(basis.F, J @ basis.B, rtol=0, atol=1e-13)
    torch.testing.assert_close(basis.gram, basis.F.T @ basis.F, rtol=0, atol=1e-13)
    left = torch.linalg.eigvalsh(J @ J.T - basis.F @ basis.F.T)[-1]
    assert left <= NEGLIGIBLE * damping * (J @ J.T).diagonal().mean()


def test_basis_grows_for_smaller_dampings() -> None:
    basis = RowBasis(jacobian_from(falling(0.02)), seed=0)
    ranks = []
    for damping in (1e2, 1e-6, 1e2):
        assert basis.reaches(damping)
        ranks.append(basis.B.shape[1])
    assert ranks[0] < ranks[1] == ranks[2]


def test_row_unlike_all_others_is_found() -> None:
    J = falling(1e-3)
    J[OUTLIER] = 1e-2 * torch.randn(P)
    for seed in range(3):
        basis = RowBasis(jacobian_from(J), seed)
        assert basis.reaches(1e-4)
        rest = J[OUTLIER] - basis.B @ (basis.B.T @ J[OUTLIER])
        assert rest.norm() < 1e-6 * J[OUTLIER].norm()


@pytest.mark.parametrize("J", [torch.ones(R, P).cumsum(0).cos(), None])
def test_rank_decides(J: Tensor | None) -> None:
    is_low = J is not None
    basis = RowBasis(jacobian_from(torch.randn(R, P) if J is None else J), seed=0)
    assert basis.reaches(1e-3) is is_low


@pytest.mark.parametrize("rows", [slice(None), slice(OUTLIER, OUTLIER + 1)])
@pytest.mark.parametrize("value", [torch.nan, torch.inf, 0.0])
def test_bad_rows_are_left_to_the_matrix(rows: slice, value: float) -> None:
    J = torch.ones(R, P)
    J[rows] = value
    is_zero = value == 0.0 and rows.stop is not None
    assert RowBasis(jacobian_from(J), seed=0).reaches(1e-3) is is_zero
