r"""What a step of Gauss-Newton needs in memory, by its sizes.

With R residuals, P parameters and n = min(R, P), in float64, beside the layer inputs
and output gradients of all points, which grow with the points alone:

============ ===================================================================
the matrix   :math:`2 n^2`, itself and its factor; a panel of 32 MiB; for
             :math:`J^T J` also J where it has at most 2^25 entries
few rows     :math:`2 \cdot n P / 8` for the sample, :math:`2 (P + R) r` for the
             basis and its image at :math:`r \le n / 3` rows
sketch       :math:`8 R k` of rank k for conjugate gradients, a panel and its image
============ ===================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import deepxde as dde
import torch
from torch import Tensor

from .alignment import Alignment
from .damped_solve import LEAST_SPANNED, MOST_DENSE, MOST_KEPT, SolverOptions
from .jacobian import ENTRIES, Jacobian
from .residuals import ResidualVector
from .row_basis import LARGEST_RANK, SAMPLE

__all__ = ["GaussNewtonMemory", "matrix_bytes"]

DOUBLE = 8

JacobianOf = Callable[[ResidualVector, Callable[[], list[Tensor]], Alignment], Jacobian]


@dataclass(frozen=True)
class GaussNewtonMemory:
    """See ``evaluation.step_memory.TellsMemory``.

    Args:
        jacobian: Returns the Jacobian from a residual vector, a function that evaluates
            it, and the rows found so far.
        trained: Returns all that is trained.
        options: How systems are solved.
    """

    jacobian: JacobianOf
    trained: Callable[[], Mapping[str, Tensor]]
    options: SolverOptions

    def at_few(self, model: dde.Model) -> int:
        """Do all of a first step that grows with the points alone."""
        inputs, targets, *more = model.data.train_next_batch()
        vector = ResidualVector(model)

        def loss() -> Tensor:
            auxiliary = more[0] if more else None
            losses = model.outputs_losses_train(inputs, targets, auxiliary)[1]
            total: Tensor = losses.sum()
            return total

        jacobian = self.jacobian(vector, partial(vector.observed, loss), Alignment())
        # As the check of the first step does.
        squares = torch.cat(vector.terms()).square().sum()
        torch.autograd.grad(squares, [*self.trained().values()], allow_unused=True)
        return len(jacobian.double().residuals)

    def beside(self, residuals: int) -> float:
        """Return the bytes of the matrices."""
        count = sum(p.numel() for p in self.trained().values())
        return matrix_bytes(residuals, count, self.options)


def matrix_bytes(residuals: int, unknown: int, options: SolverOptions) -> float:
    """Return the bytes of the matrices of a step.

    Args:
        residuals: R.
        unknown: P.
        options: How systems are solved.
    """
    R, P = residuals, unknown
    n, kind, spanned = min(R, P), options.kind, 0.0
    if kind == "auto":
        if n >= LEAST_SPANNED:
            basis = LARGEST_RANK * n * 2 * (P + R)
            spanned = DOUBLE * (2 * SAMPLE * n * P + basis)
        kind = "kernel" if R <= P else "gram"
        kind = kind if n <= MOST_DENSE else "cg"
    size = R if kind != "gram" else P
    panel = min(max(ENTRIES, size), R * P)
    if kind == "cg":
        rank = min(options.rank, R)
        images = min(max(1, ENTRIES // max(R, 1)), P) * rank
        return spanned + DOUBLE * (8.0 * R * rank + images + panel)
    kept = R * P if kind == "gram" and R * P <= MOST_KEPT else 0
    return spanned + DOUBLE * (2.0 * size**2 + panel + kept)
