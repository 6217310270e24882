"""The verdict of ``robustness.py`` over many runs, optimizers side by side."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Record: TypeAlias = Mapping[str, Any]

__all__ = ["LOST", "failures", "is_lost", "table"]

LOST, WORSE = 3.0, 10.0
"""Final over smallest loss of a run that is lost; final loss over the median of all
runs of the problem with as many points, where a run is bad though not lost."""

KEYS = ("problem", "float", "damping")


def is_lost(record: Record) -> bool:
    """Return whether a run raised, or ended far above the best it had."""
    final = record["final"]
    if record["error"] or final is None:
        return True
    return bool(final > LOST * record["smallest"])


def table(files: Mapping[str, Sequence[Record]]) -> str:
    """Return lost runs of all and the median of final over first loss, as Markdown.

    Args:
        files: The runs of each optimizer, by its name.
    """
    names = list(files)
    columns = [f"{name}: {what}" for name in names for what in ("lost", "median")]
    lines = [[*KEYS, *columns], ["---"] * (len(KEYS) + len(columns))]
    keys = {_key(r): None for records in files.values() for r in records}
    for key in sorted(keys):
        found = [[r for r in files[name] if _key(r) == key] for name in names]
        cells = [cell for records in found for cell in _cells(records)]
        lines.append([*(f"{k:g}" if k == key[-1] else str(k) for k in key), *cells])
    sums = [cell for records in files.values() for cell in (_share(records), "")]
    lines.append(["all", "", "", *sums])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def failures(records: Sequence[Record]) -> list[tuple[Record, str]]:
    """Return the runs that are lost, or far worse than others of their problem."""
    medians: dict[tuple[Any, ...], float] = {}
    for kind in {_kind(r) for r in records}:
        medians[kind] = _median([_final(r) for r in records if _kind(r) == kind])
    found = []
    for r in records:
        worse = _final(r) / medians[_kind(r)] if medians[_kind(r)] else 1.0
        if is_lost(r):
            found.append((r, "lost"))
        elif worse > WORSE:
            found.append((r, f"{worse:.3g} x the median"))
    return found


def _key(record: Record) -> tuple[Any, ...]:
    return tuple(record[k] for k in KEYS)


def _kind(record: Record) -> tuple[Any, ...]:
    return tuple(record[k] for k in ("problem", "float", "points", "steps"))


def _final(record: Record) -> float:
    return math.inf if record["final"] is None else float(record["final"])


def _share(records: Sequence[Record]) -> str:
    return f"{sum(map(is_lost, records))}/{len(records)}"


def _cells(records: Sequence[Record]) -> tuple[str, str]:
    if not records:
        return "-", "-"
    return _share(records), f"{_median([_final(r) / r['first'] for r in records]):.2g}"


def _median(values: Sequence[float]) -> float:
    # Without the mean of two: one of them may be infinite.
    return statistics.median_low(values)
