"""What decides a result of the Hodge decomposition."""

from __future__ import annotations

from typing import Literal

from ncl_deepxde.runs import Count, Settings, checked

__all__ = ["HodgeEvaluation", "HodgeModel", "HodgeSettings"]


@checked
class HodgeEvaluation:
    """Numbers of points at which errors are measured, at the end and on the way."""

    points: Count
    points_while_training: Count


@checked
class HodgeSettings(Settings):
    """What no model changes by itself; a case is a dimension n.

    Attributes:
        gradient: Root mean square of the gradient part, in units of that of the
            divergence-free part; ``None`` for the one of the paper.
        activation: Activation of all networks.
        harmonics: Harmonics of the embedding of each axis.
        exact: Whether derivatives in the loss are exact or estimated.
        optimizer: Name of the optimizer.
        lr: Learning rate at the start.
        least_lr: Learning rate at the end.
        steps: Number of steps.
        evaluation: Numbers of points for the metrics.
    """

    gradient: float | None
    activation: str
    harmonics: Count
    exact: bool
    optimizer: Literal["soap", "adam"]
    lr: float
    least_lr: float
    steps: Count | None = None
    evaluation: HodgeEvaluation

    @property
    def dim(self) -> int:
        """The dimension n."""
        return int(self.case)


@checked
class HodgeModel(HodgeSettings):
    """What a model sees.

    Attributes:
        loss: Name of its loss.
        hidden: Widths of the hidden layers.
        hidden_gradient: Widths of the gradient's network of ``both-parts``.
        batch: Number of points of a step.
        steps: Number of steps.
    """

    loss: Literal["projection", "curl", "divergence"]
    hidden: tuple[Count, ...]
    hidden_gradient: tuple[Count, ...] = ()
    batch: Count
    steps: Count
