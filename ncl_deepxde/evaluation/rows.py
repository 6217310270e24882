"""What a metric is called in tables, and which of its values is the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["CONSERVATION_ROWS", "ERROR_ROWS", "TRAINING_ROWS", "Best", "MetricRow"]

Best: TypeAlias = Literal["smallest", "largest"] | None


@dataclass(frozen=True)
class MetricRow:
    """How one key of ``metrics.json`` is shown.

    A key with a case at its end (``r2_2d``) is shown as its metric, with the case.

    Attributes:
        key: Key in ``metrics.json``.
        section: Heading of the table it stands under.
        label: What it is called there; the keys inside of it follow.
        best: Which value is the best; ``None`` where that has no meaning.
        unit: Unit of the values, empty for pure numbers.
        has_times: Whether the keys inside are a field and then times.

    Raises:
        ValueError: ``best`` is something else.
    """

    key: str
    section: str
    label: str = ""
    best: Best = None
    unit: str = ""
    has_times: bool = False

    def __post_init__(self) -> None:
        if self.best not in ("smallest", "largest", None):
            raise ValueError(
                f"best: must be 'smallest', 'largest' or None, got {self.best!r} for "
                f"the metric {self.key}."
            )


ERROR_ROWS = (
    MetricRow("relative_l2", "Relative L2 error", best="smallest", has_times=True),
    MetricRow(
        "standardized_l2", "Error / standard deviation", best="smallest", has_times=True
    ),
)
"""What :func:`ncl_deepxde.evaluation.errors_over_time` finds."""

CONSERVATION_ROWS = (
    MetricRow(
        "continuity_max", "Conservation", "largest continuity residual", "smallest"
    ),
    MetricRow(
        "continuity_relative", "Conservation", "residual / largest term", "smallest"
    ),
    MetricRow("mass_drift", "Conservation", "mass drift", "smallest"),
)
"""What any flow can be asked for."""

TRAINING_ROWS = (
    MetricRow("train_seconds", "Training", "seconds"),
    MetricRow("steps", "Training", "steps"),
    MetricRow("seconds_per_step", "Training", "seconds per step", "smallest"),
    MetricRow("loss", "Training", "final loss"),
    MetricRow("parameters", "Training", "parameters"),
)
"""What every run measures by itself."""
