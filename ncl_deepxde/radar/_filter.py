"""The times and radars that a user asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

__all__ = ["Filter"]


@dataclass(frozen=True)
class Filter:
    """The times and radars that are asked for.

    Attributes:
        start: First time, in UTC; None for no limit.
        end: First time after those asked for, in UTC; None for no limit.
        radars: Names of radars; None for all.
    """

    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    radars: frozenset[str] | None = None

    @classmethod
    def of(cls, start: Any, end: Any, radars: Iterable[str] | None) -> Filter:
        """Return the filter for times and names as a user writes them.

        Args:
            start: Text, datetime or Timestamp, in UTC where it has no zone; or None.
            end: As ``start``.
            radars: One name or several; or None.

        Raises:
            ValueError: A time cannot be read, or the end is not after the start.
        """
        first, last = _in_utc(start, "start"), _in_utc(end, "end")
        if first is not None and last is not None and not first < last:
            raise ValueError(
                f"end: must be after start, got {start} to {end}. Swap them."
            )
        if radars is None:
            return cls(first, last)
        names = [radars] if isinstance(radars, str) else map(str, radars)
        return cls(first, last, frozenset(names))

    def has(self, radar: str) -> bool:
        """Tell whether a radar is asked for."""
        return self.radars is None or radar in self.radars

    def times(self, time: pd.Series) -> pd.Series:
        """Mark the times asked for, and missing ones, which are left out later."""
        mask = pd.Series(True, index=time.index)
        if self.start is not None:
            mask &= ~(time < self.start)
        if self.end is not None:
            mask &= ~(time >= self.end)
        return mask

    def apply(self, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the rows asked for, and the numbers of the others by reason."""
        asked = rows["radar"].map(self.has).astype(bool)
        in_time = self.times(rows["time"])
        counts = {
            "radar not asked for": int((~asked).sum()),
            "time not asked for": int((asked & ~in_time).sum()),
        }
        return rows[asked & in_time], counts

    def check(self, known: Iterable[str]) -> None:
        """Raise ``ValueError`` where no radar is asked for, or one that is unknown."""
        if self.radars is None:
            return
        names = sorted(set(known))
        unknown = sorted(self.radars - set(names))
        if unknown or not self.radars:
            raise ValueError(
                f"radars: must be some of {', '.join(names)}; got "
                f"{', '.join(unknown) or 'none'}."
            )


def _in_utc(value: Any, argument: str) -> pd.Timestamp | None:
    """Return a time in UTC; without a zone it is in UTC already; None stays None."""
    if value is None:
        return None
    try:
        time = pd.Timestamp(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{argument}: must be a time such as '2018-04-05T18:00', got {value!r}."
        ) from error
    return time.tz_localize("UTC") if time.tz is None else time.tz_convert("UTC")
