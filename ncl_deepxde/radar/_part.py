"""What one file, or one radar of an archive, gives; and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Part:
    """Rows of one source with the columns of ``Profiles.rows``, unsorted.

    Attributes:
        rows: may hold rows without values or positions.
        radars: all radars of the source, asked for or not.
        left_out: rows not in ``rows``, by reason.
        notes: what a reader has to know.
    """

    rows: pd.DataFrame
    radars: list[str]
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Filter:
    """The times and radars that are asked for; None is all."""

    start: pd.Timestamp | None
    end: pd.Timestamp | None
    radars: frozenset[str] | None

    def has(self, radar: str) -> bool:
        """Whether a radar is asked for."""
        return self.radars is None or radar in self.radars

    def times(self, time: pd.Series) -> pd.Series:
        """Mark the times asked for; a missing time is, and is counted elsewhere."""
        mask = pd.Series(True, index=time.index)
        if self.start is not None:
            mask &= ~(time < self.start)
        if self.end is not None:
            mask &= ~(time >= self.end)
        return mask

    def apply(self, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the rows asked for and the numbers of the others by reason."""
        counts = {}
        if self.radars is not None:
            asked = rows["radar"].isin(self.radars)
            counts["radar not asked for"] = int((~asked).sum())
            rows = rows[asked]
        if not (self.start is None and self.end is None):
            asked = self.times(rows["time"])
            counts["time not asked for"] = int((~asked).sum())
            rows = rows[asked]
        return rows, counts

    def check(self, known: Iterable[str]) -> None:
        """Raise ValueError where a radar asked for is in no file."""
        names = sorted(set(known))
        unknown = sorted((self.radars or frozenset()) - set(names))
        if unknown:
            raise ValueError(
                f"radars: must be some of {', '.join(names)}; got {', '.join(unknown)}."
            )
