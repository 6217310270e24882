"""Can the spread be trusted? How often data held out lie within it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array
from .values import MemberValues

__all__ = ["LEVELS", "CoverageRow", "coverage", "coverage_table"]

LEVELS = (0.5, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class CoverageRow:
    """One line of a coverage table.

    Attributes:
        level: Share of the data that should lie in the intervals.
        share: Share that does. Below the level the spread is too small.
        half_width: Mean half-width of the intervals, in the units of the data.
    """

    level: float
    share: float
    half_width: float


def coverage(
    spread: MemberValues,
    observed: Array,
    *,
    noise: float | Array = 0.0,
    levels: Sequence[float] = LEVELS,
) -> tuple[CoverageRow, ...]:
    """Count the data that lie in the intervals of ``MemberValues.half_width``.

    Args:
        spread: Values of the members at the data.
        observed: Data that no member was trained on, of the shape of a member's values;
            NaN is missing.
        noise: Standard deviation of the measurements.
        levels: Probabilities of the intervals.

    Raises:
        ValueError: Shapes differ, or there are no data.
    """
    found = np.asarray(observed, dtype=np.float64)
    if found.shape != spread.mean.shape:
        raise ValueError(
            f"observed: must have the shape of the values, {spread.mean.shape}, got "
            f"{found.shape}. Evaluate the members at the data."
        )
    known = np.isfinite(found)
    if not known.any():
        raise ValueError("observed: must hold a number, got none. Hold out more data.")
    rows = []
    for level in levels:
        half = spread.half_width(level, noise)
        inside = np.abs(found - spread.mean) <= half
        rows.append(
            CoverageRow(level, float(inside[known].mean()), float(half[known].mean()))
        )
    return tuple(rows)


def coverage_table(rows: Sequence[CoverageRow], unit: str = "") -> str:
    """Return the rows as text, one line each below a heading.

    Args:
        rows: Rows of ``coverage``.
        unit: Unit of the data.
    """
    lines = [f"{'level':>8}{'inside':>8}  half-width{f' ({unit})' if unit else ''}"]
    lines += [f"{r.level:8.0%}{r.share:8.0%}  {r.half_width:.3g}" for r in rows]
    return "\n".join(lines)
