"""One tidy table of densities and velocities of birds over weather radars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from ._cleaning import COLUMNS, clean
from ._filter import Filter

__all__ = ["COLUMNS", "Profiles"]


@dataclass(frozen=True)
class Profiles:
    """Vertical profiles of a network of radars, one row per radar, time and altitude.

    ``read`` makes them from files, ``Profiles.of`` from a table at hand.

    Attributes:
        rows: DataFrame of N rows sorted by radar, time and altitude, with the columns
            ``radar`` (text), ``lon`` and ``lat`` (degrees), ``time`` (UTC),
            ``altitude`` (m above sea level, center of the bin), ``width`` (m, height of
            the bin), ``dens`` (birds/km^3), ``u`` and ``v`` (m/s to the east and to the
            north). NaN is missing; each row has a density or a velocity.
        left_out: Number of rows of the source that are not in the table, by reason. A
            radar at 0 degrees east and north has no position.
        notes: Sentences that a user of the table has to know about its source.
    """

    rows: pd.DataFrame
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        rows: pd.DataFrame,
        *,
        left_out: Mapping[str, int] | None = None,
        notes: Iterable[str] = (),
        conflicts: str = "error",
        check_units: bool = True,
    ) -> Profiles:
        """Check and sort a table with the columns of ``rows``.

        Without ``width`` the bins can be used but not integrated over.

        Args:
            rows: N rows, in any order. Times without a zone are UTC.
            left_out: Number of rows that are left out already, by reason.
            notes: Notes that are there already.
            conflicts: What to do where the same radar, time and altitude has several
                values: ``"error"``, or ``"first"`` to keep the first ones. Copies of a
                row are counted and left out in any case.
            check_units: Whether to check that the values are plausible.

        Raises:
            ValueError: A column is missing, values are implausible or in conflict, or
                no row is left.
        """
        table, counts, found = clean(rows, conflicts=conflicts, check_units=check_units)
        for reason, number in (left_out or {}).items():
            counts[reason] = counts.get(reason, 0) + number
        counts = {reason: number for reason, number in counts.items() if number}
        return cls(table, counts, (*notes, *found))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def radars(self) -> pd.DataFrame:
        """Radars and their positions: columns ``radar``, ``lon``, ``lat``."""
        places = self.rows[["radar", "lon", "lat"]].drop_duplicates("radar")
        return places.reset_index(drop=True)

    def between(self, start: Any = None, end: Any = None) -> Profiles:
        """Return the profiles with start <= time < end.

        Args:
            start: Text such as ``"2018-04-05T18:00"``, datetime or Timestamp, in UTC
                where it has no zone; None for no limit.
            end: As ``start``.

        Raises:
            ValueError: A time cannot be read, or no profile lies between the two.
        """
        time = self.rows["time"]
        mask = Filter.of(start, end, None).times(time)
        if not mask.any():
            raise ValueError(
                f"start, end: must leave some profiles, got {start} and {end} for "
                f"times from {time.min()} to {time.max()}. Choose others."
            )
        return self.where(mask)

    def select(self, radars: Iterable[str]) -> Profiles:
        """Return the profiles of some radars.

        Args:
            radars: Names of the radars.

        Raises:
            ValueError: A radar is unknown, or none is named.
        """
        wanted = Filter.of(None, None, radars)
        wanted.check(self.radars["radar"])
        return self.where(self.rows["radar"].map(wanted.has))

    def summary(self) -> str:
        """Return text: rows kept, rows left out and why, radars, times, ranges."""
        rows = self.rows
        times = rows["time"].drop_duplicates().sort_values()
        first, last = (f"{t:%Y-%m-%d %H:%M}" for t in (times.iloc[0], times.iloc[-1]))
        steps = times.diff().dropna()
        step = (
            f", mostly every {steps.mode()[0].total_seconds() / 60:.0f} min"
            if len(steps)
            else ""
        )
        low, high = rows["altitude"].min(), rows["altitude"].max()
        speed = (rows["u"] ** 2 + rows["v"] ** 2) ** 0.5
        names = self.radars["radar"]
        lines = [
            f"{_count(rows, 'row')} of {_count(names, 'radar')}: {', '.join(names)}",
            f"time      {first} to {last} UTC, {_count(times, 'time')}{step}",
            f"altitude  {low:.0f} to {high:.0f} m above sea level, "
            f"{_count(rows['altitude'].unique(), 'bin')}",
            _range(rows["dens"], "density   ", "birds/km^3"),
            _range(speed, "speed     ", "m/s"),
            f"left out  {sum(self.left_out.values()):,} rows",
        ]
        lines += [f"  {number:,}  {why}" for why, number in self.left_out.items()]
        lines += [f"note      {note}" for note in self.notes]
        return "\n".join(lines)

    def where(self, mask: pd.Series) -> Profiles:
        """Return the profiles of the rows that a mask, (N,), marks."""
        return replace(self, rows=self.rows[mask].reset_index(drop=True))


def _count(things: Sized, name: str) -> str:
    return f"{len(things):,} {name}" + "s" * (len(things) != 1)


def _range(values: pd.Series, label: str, unit: str) -> str:
    known = values.dropna()
    if known.empty:
        return f"{label}missing in all rows"
    return (
        f"{label}{known.min():.3g} to {known.max():.3g} {unit}, mean {known.mean():.3g}"
        f", missing in {len(values) - len(known):,} rows"
    )
