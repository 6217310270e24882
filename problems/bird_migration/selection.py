"""From profiles in degrees and UTC to a campaign: which nights, which clock."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.radar import Profiles, Projection, minutes_since_dusk, nights, read

from .campaign import Campaign
from .settings import Scans, Selection
from .stations import STATIONS
from .synthetic import synthetic_rows
from .units import KMH

__all__ = ["campaign_of", "print_campaign", "read_campaign"]


def read_campaign(files: Sequence[Path], choice: Selection, scans: Scans) -> Campaign:
    """Read the campaign of some files, or make the synthetic one without files.

    Args:
        files: Files as ``ncl_deepxde.radar.read`` takes them. Of two scans with the
            same nominal time the first counts, as in vptstools; the other is told.
        choice: Which of the measurements count; what is not between its times is not
            read.
        scans: Scans of the synthetic network.

    Raises:
        ValueError: Files that cannot be used; the message tells why.
    """
    if files:
        profiles = read(files, start=choice.start, end=choice.end, conflicts="first")
    else:
        places = pd.DataFrame(STATIONS.values(), columns=["lon", "lat"])
        every = synthetic_rows(scans, Projection.of(places))
        rows = every.dropna(subset=["dens"])
        gaps = {"without a density": len(every) - len(rows)}
        profiles = Profiles.of(rows, left_out=gaps)
        profiles = profiles.between(choice.start, choice.end)
    return campaign_of(profiles, choice, is_synthetic=not files)


def campaign_of(
    profiles: Profiles, choice: Selection, *, is_synthetic: bool = False
) -> Campaign:
    """Put profiles into the plane, those of some nights and on one clock.

    Args:
        profiles: Profiles of all radars.
        choice: Which of the measurements count.
        is_synthetic: Whether the truth is known.
    """
    left_out = dict(profiles.left_out)
    profiles = _most_birds(profiles, choice.nights, left_out)
    hours = _hours(profiles, choice.clock)
    rows, places = profiles.rows, profiles.radars
    projection = Projection.of(places)
    x, y = projection.to_plane(rows["lon"], rows["lat"])
    return Campaign(
        points=np.column_stack([x, y, rows["altitude"] / 1000, hours]),
        density=np.array(rows[["dens"]]),
        velocity=_velocity(rows, projection, choice.moving, left_out),
        labels=rows["radar"].to_numpy(dtype=str),
        radars={
            str(r.radar): (float(r.lon), float(r.lat)) for r in places.itertuples()
        },
        start=rows["time"].min().tz_convert(None).to_numpy().astype("datetime64[s]"),
        left_out=left_out,
        is_synthetic=is_synthetic and choice.clock == "utc",
    )


def _hours(profiles: Profiles, clock: str) -> Array:
    """Count the hours of each row since the start, (N,)."""
    if clock == "dusk":
        minutes = minutes_since_dusk(profiles, appended=True, clock="sun")
        hours: Array = minutes.to_numpy() / 60
        return hours
    time = profiles.rows["time"]
    hours = (time - time.min()).dt.total_seconds().to_numpy() / 3600
    return hours


def _most_birds(profiles: Profiles, most: int, left_out: dict[str, int]) -> Profiles:
    """Select the nights in a row, at most so many, with the most birds."""
    found = nights(profiles, clock="sun")
    birds = pd.Series(
        [night.rows["dens"].sum() for night in found.values()],
        index=pd.DatetimeIndex(found),
    )
    birds = birds.asfreq("D", fill_value=0.0)
    window = min(most, len(birds))
    last = birds.rolling(window).sum().idxmax()
    first = last - pd.Timedelta(days=window - 1)
    wanted = [n for date, n in found.items() if first <= pd.Timestamp(date) <= last]
    rows = pd.concat([night.rows for night in wanted], ignore_index=True)
    _note(
        left_out,
        f"outside the {most} nights with the most birds",
        len(profiles) - len(rows),
    )
    return replace(profiles, rows=rows)


def _velocity(
    rows: pd.DataFrame, projection: Projection, moving: float, left_out: dict[str, int]
) -> Array:
    """Turn velocities to x and y, in km/h, (N, 2)."""
    parts = projection.rotate(*(rows[name] for name in ("lon", "lat", "u", "v")))
    velocity: Array = KMH * np.stack(parts, axis=1)
    is_thin = ~(rows["dens"].to_numpy() >= moving)
    known = ~np.isnan(velocity[:, 0])
    _note(
        left_out,
        f"velocities of fewer than {moving:g} birds/km3 (densities are used)",
        (is_thin & known).sum(),
    )
    velocity[is_thin] = np.nan
    return velocity


def _note(left_out: dict[str, int], reason: str, number: int) -> None:
    if number:
        left_out[reason] = int(number)


def print_campaign(campaign: Campaign) -> None:
    """Print what is used and what was left out to stderr."""
    kind = "synthetic, " if campaign.is_synthetic else ""
    held = ", ".join(campaign.held_out)
    lines = [
        f"data: {kind}{len(campaign):,} rows of {len(campaign.radars)} radars, from "
        f"{campaign.start} UTC over {campaign.points[:, 3].max():.1f} h; held out: "
        f"{held}"
    ]
    if campaign.left_out:
        lines.append("left out:")
        lines += [f"  {number:9,d}  {why}" for why, number in campaign.left_out.items()]
    else:
        lines.append("left out: nothing")
    for line in lines:
        print(f"ncl-deepxde: {line}", file=sys.stderr)
