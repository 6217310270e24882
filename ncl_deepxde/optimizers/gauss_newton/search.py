r"""The search along a curve, with corrections at each of its trials.

A step with a small damping follows a curved valley and ends a little up its side.
There the residuals :math:`r(\theta)` at the same points are known from the trial; the
matrix of the step, already assembled, leads back to the floor:

.. math:: \theta \leftarrow \theta - J_0^T (J_0 J_0^T + \lambda_c I)^{-1} r(\theta),
    \qquad \lambda_c > \lambda ,

a chord step of Newton's method. With the damping :math:`\lambda` itself it would move
along the valley, where the old Jacobian no longer holds.

References:
    J. Fan, The modified Levenberg-Marquardt method for nonlinear equations with cubic
    convergence (Math. Comp. 2012), https://doi.org/10.1090/S0025-5718-2011-02496-8:
    steps that use a Jacobian twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from .curve import Curve
from .norms import length, squares

__all__ = ["Corrections", "Found", "search"]

# A correction that leaves more than this was the last one.
WORTHWHILE = 0.9
# A full step that finds this share of the predicted decrease is taken at once, and no
# shorter one is tried after one that finds it and is better.
ENOUGH = 0.25
# A first one that fails raises the damping of the next; one that helps lets it fall.
RAISED, LOWERED = 4.0, 0.5

Solve = Callable[[Tensor], list[Tensor]]


@dataclass
class Corrections:
    r"""Chord steps from a trial point, as long as they are worthwhile.

    Args:
        residuals: Returns the residuals (R,) at the current parameters.
        solver: Maps :math:`\lambda_c` to a function from (R,) to a direction.
        damping: :math:`\lambda_c`; adapted from trial to trial.
        least: Its smallest value, the damping of the step.
        most: Largest number of corrections of a trial.
    """

    residuals: Callable[[], Tensor]
    solver: Callable[[float], Solve]
    damping: float
    least: float
    most: int
    _solvers: dict[float, Solve] = field(default_factory=dict)
    _has_fallen: bool = False

    def apply(self, parameters: Sequence[Tensor], reach: float) -> tuple[float, int]:
        """Correct the parameters in place; return the loss and how often.

        Args:
            parameters: At the trial.
            reach: Length of the trial's step. A correction that is longer leads to
                another valley, which fits the points of this step alone.
        """
        r = self.residuals()
        loss = squares(r)
        for number in range(self.most):
            if not 0 < loss < float("inf"):
                return loss, number
            before, correction = [p.clone() for p in parameters], self._solve(r)
            for p, d in zip(parameters, correction, strict=True):
                p.sub_(d)
            is_near = length(correction) <= reach
            r = self.residuals() if is_near else r
            found = squares(r)
            is_worthwhile = found < WORTHWHILE * loss
            if number == 0:
                self._adapt(is_worthwhile=is_worthwhile)
            if not found < loss:
                for p, b in zip(parameters, before, strict=True):
                    p.copy_(b)
                return loss, number
            loss = found
            if not is_worthwhile:
                return loss, number + 1
        return loss, self.most

    def _adapt(self, *, is_worthwhile: bool) -> None:
        """Follow the first correction of a trial; fall once in a step."""
        if not is_worthwhile:
            self.damping *= RAISED
        elif not self._has_fallen:
            self.damping, self._has_fallen = self.damping * LOWERED, True

    def _solve(self, r: Tensor) -> list[Tensor]:
        self.damping = min(max(self.damping, self.least), 1.0)
        if self.damping not in self._solvers:
            self._solvers[self.damping] = self.solver(self.damping)
        return self._solvers[self.damping](r)


@dataclass
class Found:
    """Where a search ended.

    Attributes:
        size: Accepted size of the step; 0 is to stay.
        loss: Loss there.
        corrections: Number of corrections there.
    """

    size: float
    loss: float
    corrections: int = 0


def search(
    curve: Curve,
    corrections: Corrections,
    loss: float,
    predicted: float,
    halvings: int,
) -> Found:
    """Go to the best of the sizes 1, 1/2, 1/4, ..., each corrected.

    Args:
        curve: Its parameters are moved in place.
        corrections: Applied to every trial.
        loss: Loss at the start.
        predicted: Decrease that the linear model predicts for the size 1.
        halvings: Largest number of halvings.
    """

    def is_enough(found: Found) -> bool:
        share = found.size * (2 - found.size)
        return loss - found.loss > ENOUGH * share * predicted

    best, place = Found(0.0, loss), [p.clone() for p in curve.parameters]
    for size in (0.5**k for k in range(halvings + 1)):
        curve.move(size)
        reach = size * length(curve.direction)
        trial = Found(size, *corrections.apply(curve.parameters, reach))
        if trial.loss < best.loss:
            best, place = trial, [p.clone() for p in curve.parameters]
            if size == 1 and is_enough(best):
                break
        elif is_enough(best):
            break
    for p, value in zip(curve.parameters, place, strict=True):
        p.copy_(value)
    return best
