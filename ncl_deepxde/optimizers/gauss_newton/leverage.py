r"""Leverages: which residuals of a step have too few neighbours.

.. math:: \ell_i = J_i\, (J^T J + \mu I)^{-1} J_i^T = \mathbb E\, (J_i d)^2, \qquad
    d \sim N\bigl(0, (J^T J + \mu I)^{-1}\bigr)

is the variance of the residual where the parameters are those of a fit to residuals
with unit noise. A few draws of d tell it well enough for means over cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .damped_solve import DampedSolver
from .jacobian import Jacobian

__all__ = ["leverages", "teach"]

# Relative standard deviation of one leverage: sqrt(2 / DRAWS).
DRAWS = 8


def leverages(spread: Callable[[Tensor], Tensor], normal: Tensor) -> Tensor:
    r"""Estimate the leverages (R,).

    Args:
        spread: Maps P normal numbers to :math:`J d`, (R,).
        normal: Such numbers, (draws, P).
    """
    return torch.stack([spread(g) for g in normal]).square().mean(dim=0)


def teach(data: Any, jacobian: Jacobian, solver: DampedSolver, seed: int) -> None:
    """Tell data that can learn it where the points of a step were few.

    Args:
        data: Those of the model.
        jacobian: At the points of the step.
        solver: Of the step.
        seed: Selects the draws.
    """
    if solver.spread is None or not getattr(data, "can_learn", False):
        return
    device = jacobian.residuals.device
    generator = torch.Generator(device).manual_seed(seed)
    shape = DRAWS, sum(shape.numel() for shape in jacobian.shapes)
    normal = torch.randn(shape, generator=generator, dtype=torch.float64, device=device)
    found = leverages(solver.spread, normal)
    data.learn(torch.split(found, list(jacobian.sizes)))
