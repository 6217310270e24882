"""Nights, and the clock of the LFlow experiments that starts at dusk."""

from __future__ import annotations

import datetime

import pandas as pd

from .profiles import Profiles

__all__ = ["minutes_since_dusk", "nights"]


def nights(profiles: Profiles, *, clock: str = "utc") -> dict[datetime.date, Profiles]:
    """Split profiles into nights, each named by the date of its evening.

    A night goes from 13:00 to 13:00 of the next day: a record belongs to the day before
    if its hour is at most 12.

    Args:
        profiles: Profiles of any radars and times.
        clock: ``"utc"``, as in the code released with LFlow, which suits longitudes
            from -90 to 60 degrees; or ``"sun"``, the mean solar time of each radar: UTC
            plus an hour for every 15 degrees to the east.

    Returns:
        Profiles by the date of the evening, in order.

    Raises:
        ValueError: The clock is unknown.
    """
    evening = _evening(profiles, clock)
    return {
        date.date(): profiles.where(evening == date)
        for date in sorted(evening.unique())
    }


def minutes_since_dusk(
    profiles: Profiles, *, appended: bool = False, clock: str = "utc"
) -> pd.Series:
    """Return the minutes since the first record of the same radar and night, (N,).

    This is the clock of the LFlow paper, which lines up the beginning of migration in
    the east and in the west. It is no common time of several radars, so a flow in it
    is no motion: the continuity equation holds in UTC only. A record is a row with a
    density; where a radar has none in a night, it is any row.

    Args:
        profiles: Profiles with N rows.
        appended: Whether to set the nights one after the other: each begins after the
            sum of the longest durations of the nights before it.
        clock: Clock that tells which rows are one night, as for ``nights``.

    Raises:
        ValueError: The clock is unknown.

    References:
        | Lagrangian Flow Networks for Conservation Laws (Arend Torres et al., 2024)
        | https://arxiv.org/abs/2305.16846
    """
    rows, evening = profiles.rows, _evening(profiles, clock)
    night = [rows["radar"], evening]
    known = rows["time"].where(rows["dens"].notna())
    first = known.groupby(night).transform("min")
    first = first.fillna(rows["time"].groupby(night).transform("min"))
    minutes = (rows["time"] - first) / pd.Timedelta(minutes=1)
    if appended:
        longest = minutes.groupby(evening).max().sort_index()
        minutes += evening.map(longest.cumsum().shift(fill_value=0.0))
    return minutes.rename("minutes")


def _evening(profiles: Profiles, clock: str) -> pd.Series:
    """Return midnight before the evening of each row's night."""
    if clock not in ("utc", "sun"):
        raise ValueError(
            f"clock: must be 'utc' or 'sun', got {clock!r}. Take 'sun' for longitudes "
            "beyond -90 to 60 degrees."
        )
    time = profiles.rows["time"]
    if clock == "sun":
        time = time + pd.to_timedelta(profiles.rows["lon"] / 15, unit="h")
    return (time - pd.Timedelta(hours=13)).dt.floor("D")
