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
        meaning: What it is, in a sentence for a newcomer.
        law: The law of which it is the violated part, where it is a ratio; a sentence.

    Raises:
        ValueError: ``best`` is something else.
    """

    key: str
    section: str
    label: str = ""
    best: Best = None
    unit: str = ""
    has_times: bool = False
    meaning: str = ""
    law: str = ""

    def __post_init__(self) -> None:
        if self.best not in ("smallest", "largest", None):
            raise ValueError(
                f"best: must be 'smallest', 'largest' or None, got {self.best!r} for "
                f"the metric {self.key}."
            )

    @property
    def judges(self) -> Literal["accuracy", "conservation", "training"]:
        """What its values speak of, by its section."""
        if self.section == "Conservation":
            return "conservation"
        return "training" if self.section == "Training" else "accuracy"


ERROR_ROWS = (
    MetricRow(
        "relative_l2",
        "Relative L2 error",
        best="smallest",
        has_times=True,
        meaning="Root mean square of the error, divided by that of the field.",
    ),
    MetricRow(
        "standardized_l2",
        "Error / standard deviation",
        best="smallest",
        has_times=True,
        meaning="Root mean square of the error in standard deviations of the field "
        "over space: 1 is as bad as answering with the mean everywhere.",
    ),
)
"""What :func:`ncl_deepxde.evaluation.errors_over_time` finds."""

CONSERVATION_ROWS = (
    MetricRow(
        "continuity_max",
        "Conservation",
        "largest continuity residual",
        "smallest",
        meaning="What is left of rho_t + div m where it is largest, in units of the "
        "problem: mass that appears or vanishes.",
    ),
    MetricRow(
        "continuity_relative",
        "Conservation",
        "residual / largest term",
        "smallest",
        meaning="The same, divided by the largest of its terms: a pure number.",
        law="Mass is conserved at every point (continuity)",
    ),
    MetricRow(
        "mass_drift",
        "Conservation",
        "mass drift",
        "smallest",
        meaning="Largest change of the total mass over time, as a part of it.",
        law="The total mass is constant",
    ),
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
