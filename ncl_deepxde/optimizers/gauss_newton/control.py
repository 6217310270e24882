r"""How steps set the damping and the number of points of those that follow.

Curvature: a step whose trials had to be short raises :math:`\lambda`; one of full
length lets it fall. Noise: where a step leaves far less of the loss at its own points
than at others, a larger damping would not help (it keeps the directions that the noise
dominates and gives up those that are left to learn): there points are added.
"""

from __future__ import annotations

from typing import Any

import torch

from .history import StepRecord

__all__ = ["FIRST", "Control"]

# Steps of at least these sizes let the damping fall and stay; shorter ones raise it,
# and those that found nothing twice as far.
LONG, SHORT, RAISED = 1 / 2, 1 / 4, 4.0
# A full step that finds less of the predicted decrease lets it stay, too.
GOOD = 0.1
# Where conjugate gradients ended too early.
INACCURATE = 2.0
# After a lost iterate the damping is this much larger, and may fall below that place
# only by a tenth a step.
LOST_FACTOR, FORGIVEN = 10.0, 0.9
# Points grow after a few steps that left this many times more elsewhere than at their
# own points, as long as there are fewer residuals for each parameter than the last.
NOISY, PATIENCE, GROWTH, MOST_ROWS = 2.0, 2, 2.0, 4.0

FIRST = {"correction_damping": 1e-2, "raised_low": 0.0, "noisy": 0}
"""What the control starts from in the parameter group."""


class Control:
    """The damping of an optimizer and the growth of its points.

    Args:
        optimizer: Its first parameter group holds the numbers, so that they are saved
            with it.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer

    @property
    def group(self) -> dict[str, Any]:
        """The numbers; those that a checkpoint of before lacks are the first ones."""
        group: dict[str, Any] = self._optimizer.param_groups[0]
        for name, value in FIRST.items():
            group.setdefault(name, value)
        return group

    @property
    def damping(self) -> float:
        """The damping of the next step."""
        group = self.group
        low = max(group["low"], group["raised_low"])
        return float(min(max(group["damping"], low), group["high"]))

    def adapt(self, record: StepRecord, *, is_accurate: bool) -> None:
        """Let the damping follow how far the linear model reached."""
        group, factor = self.group, 1.0
        if record.size < SHORT:
            factor = RAISED if record.size else RAISED**2
        elif record.size >= LONG and record.ratio > GOOD:
            factor = group["decay"]
        factor = factor if is_accurate else max(factor, INACCURATE)
        group["damping"] = min(max(self.damping * factor, group["low"]), group["high"])

    def forgive(self) -> None:
        """Let the damping fall a little further, after an iterate that is kept."""
        self.group["raised_low"] *= FORGIVEN

    def lose(self, record: StepRecord) -> None:
        """Raise the damping, after an iterate that is lost."""
        group = self.group
        raised = LOST_FACTOR * max(record.damping, self.damping)
        group["damping"] = group["raised_low"] = min(raised, group["high"])

    def grow(self, record: StepRecord, data: Any) -> None:
        """Take more points where their noise limits, if the data have more."""
        group, (rows, unknown) = self.group, record.shape
        is_noisy = record.held_out > NOISY * record.left
        group["noisy"] = group["noisy"] + 1 if is_noisy else max(group["noisy"] - 1, 0)
        is_possible = getattr(data, "can_grow", False)
        is_possible &= unknown <= rows < MOST_ROWS * unknown
        if is_possible and group["noisy"] >= PATIENCE:
            data.grow(GROWTH)
            group["noisy"] = 0
