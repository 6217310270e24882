"""What Gauss-Newton did in each step, for those who ask why."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .jacobian import Jacobian

__all__ = ["StepRecord", "rank_of"]

CARRIED = 0.99


@dataclass(frozen=True)
class StepRecord:
    r"""One step.

    Attributes:
        step: Its number, from 1.
        loss: Loss at the points of the step, before it.
        left: The same after it.
        damping: :math:`\lambda` of the step.
        size: Accepted part of the step, 1, 1/2, ...; 0 where none lowers the loss.
        ratio: Actual decrease of the loss over that of the linear model.
        corrections: Number of corrections that were kept.
        norm: Euclidean norm of the change of the parameters.
        shape: Numbers of residuals and of parameters.
        rank: Number of eigenvalues that carry 99 % of the trace of the kernel; only
            with ``report=True``.
        held_out: Loss at the held-out points after the step.
        best: The smallest of these so far: that of the weights the network shows.
        is_kept: Whether training goes on from here; else from the best weights.
    """

    step: int
    loss: float
    left: float
    damping: float
    size: float
    ratio: float
    corrections: int
    norm: float
    shape: tuple[int, int]
    rank: int | None = None
    held_out: float = math.nan
    best: float = math.nan
    is_kept: bool = True


def rank_of(jacobian: Jacobian) -> int:
    """Return how many eigenvalues of the kernel carry 99 % of its trace."""
    rows, unknown = len(jacobian.residuals), sum(s.numel() for s in jacobian.shapes)
    matrix = jacobian.kernel() if rows <= unknown else jacobian.gram()
    carried = torch.linalg.eigvalsh(matrix).flip(0).cumsum(0)
    return int((carried < CARRIED * carried[-1]).sum()) + 1
