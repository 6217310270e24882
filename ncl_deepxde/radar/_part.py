"""What one file, or one radar of an archive, gives; and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

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

    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    radars: frozenset[str] | None = None

    @classmethod
    def of(cls, start: Any, end: Any, radars: Iterable[str] | None) -> Filter:
        """Read times, without a zone in UTC, and names.

        Raises:
            ValueError: an unreadable time, or an end that is not after the start.
        """
        first, last = utc(start, "start"), utc(end, "end")
        if first is not None and last is not None and not first < last:
            raise ValueError(f"end: must be after start, got {start} to {end}.")
        if radars is None:
            return cls(first, last)
        names = [radars] if isinstance(radars, str) else map(str, radars)
        return cls(first, last, frozenset(names))

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
        asked = rows["radar"].map(self.has).astype(bool)
        in_time = self.times(rows["time"])
        counts = {
            "radar not asked for": int((~asked).sum()),
            "time not asked for": int((asked & ~in_time).sum()),
        }
        return rows[asked & in_time], counts

    def check(self, known: Iterable[str]) -> None:
        """Raise ValueError for no radar, or one that is not known."""
        if self.radars is None:
            return
        names = sorted(set(known))
        unknown = sorted(self.radars - set(names))
        if unknown or not self.radars:
            raise ValueError(
                f"radars: must be some of {', '.join(names)}; got "
                f"{', '.join(unknown) or 'none'}."
            )


def utc(value: Any, name: str) -> pd.Timestamp | None:
    """Return a time in UTC, which one without a zone is already; None stays None."""
    if value is None:
        return None
    try:
        time = pd.Timestamp(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name}: must be a time such as '2018-04-05T18:00', got {value!r}."
        ) from error
    return time.tz_localize("UTC") if time.tz is None else time.tz_convert("UTC")
