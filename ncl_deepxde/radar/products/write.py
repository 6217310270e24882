"""All products of a flow of birds at once, into a directory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ...arrays import Array
from .crossing import Crossing, birds_crossing, crossing_rates
from .figures import (
    Marks,
    crossing_figure,
    density_maps,
    map_animation,
    track_map,
)
from .flow import BirdFlow
from .geojson import write_geojson
from .lines import Line
from .maps import MapSeries, map_series
from .netcdf import write_netcdf
from .region import Interval, Region, Time, time_label
from .tracks import Place, Tracks, follow

__all__ = ["write_products"]

SHOWN = np.array([0.25, 0.5, 0.75])
"""Parts of the night after which there is a map."""

TRACK_TIMES = 49
RATE_TIMES = 49


def write_products(
    directory: Path,
    flow: BirdFlow,
    region: Region,
    night: tuple[Time, Time],
    radars: pd.DataFrame,
    *,
    held_out: Collection[str] = (),
    line: Line | None = None,
    places: Mapping[str, Place] | None = None,
    name: str = "birds",
    n: int = 48,
    frames: int = 25,
    tolerance: float = 1e-3,
) -> list[tuple[str, str]]:
    """Write maps, an animation, tracks, a crossing, NetCDF and GeoJSON.

    Args:
        directory: Directory of the run; files go to ``figures`` and ``fields``.
        flow: The flow of birds.
        region: Region of the maps, with the altitudes and the clock.
        night: Start and end of the night.
        radars: Columns ``radar``, ``lon`` and ``lat``, as ``Profiles.radars``.
        held_out: Names of radars that were not used in training.
        line: Line on which birds are counted; by default it leads from the western to
            the eastern edge through the middle of the region.
        places: Places of birds in the middle of the night, as ``follow`` takes them; by
            default above the radars, in the middle of the altitudes.
        name: Start of all file names and captions.
        n: Number of cells of the maps along the longer side.
        frames: Number of frames of the animation and of times in the NetCDF file.
        tolerance: Tolerance of ``birds_crossing``.

    Returns:
        Name of each picture, relative to the directory, and its caption.

    Raises:
        ValueError: The night ends before it begins, a line or place is outside the
            region, or the flow is not finite.
    """
    found = _compute(
        flow,
        region,
        region.span(*night),
        _through_the_middle(region) if line is None else line,
        _above(radars, region) if places is None else places,
        n=n,
        frames=frames,
        tolerance=tolerance,
    )
    fields = directory / "fields"
    write_netcdf(fields / f"{name}_maps.nc", found.maps, radars=radars, source=name)
    write_geojson(fields / f"{name}_tracks.geojson", found.tracks, region)
    _draw(directory / "figures", name, found, Marks(radars, held_out, found.line))
    return _captions(name, found)


@dataclass(frozen=True)
class _Found:
    """Results that the files of a night show."""

    region: Region
    night: Interval
    line: Line
    maps: MapSeries
    shown: MapSeries
    tracks: Tracks
    crossing: Crossing
    rate_hours: Array
    rates: Array


def _compute(
    flow: BirdFlow,
    region: Region,
    night: Interval,
    line: Line,
    places: Mapping[str, Place],
    *,
    n: int,
    frames: int,
    tolerance: float,
) -> _Found:
    begin, end = night
    rate_hours = np.linspace(begin, end, RATE_TIMES)
    return _Found(
        region,
        night,
        line,
        maps=map_series(flow, region, np.linspace(begin, end, frames), n=n),
        shown=map_series(flow, region, begin + (end - begin) * SHOWN, n=n),
        tracks=follow(
            flow,
            region,
            places,
            (begin + end) / 2,
            np.linspace(begin, end, TRACK_TIMES),
        ),
        crossing=birds_crossing(flow, region, line, begin, end, tolerance=tolerance),
        rate_hours=rate_hours,
        rates=crossing_rates(flow, region, line, rate_hours),
    )


def _draw(figures: Path, name: str, found: _Found, marks: Marks) -> None:
    density_maps(
        figures / f"{name}_maps.png",
        found.shown,
        marks,
        title=f"Birds in the air and where they go: {name}",
    )
    map_animation(figures / f"{name}_maps.gif", found.maps, marks)
    track_map(
        figures / f"{name}_tracks.png",
        found.tracks,
        found.region,
        marks,
        title=f"Tracks of birds: {name}",
    )
    crossing_figure(
        figures / f"{name}_crossing.png",
        found.region,
        found.rate_hours,
        found.rates,
        found.crossing,
        title=f"Birds that cross the line: {name}",
    )


def _captions(name: str, found: _Found) -> list[tuple[str, str]]:
    begin, end = (time_label(found.region.utc(hours)) for hours in found.night)
    way = " to ".join(f"({lon:.2f}, {lat:.2f})" for lon, lat in found.line)
    return [
        (
            f"figures/{name}_maps.png",
            f"{name}: birds per km2, integrated over altitude, and their flux; data in "
            f"fields/{name}_maps.nc.",
        ),
        (f"figures/{name}_maps.gif", f"{name}: the same from {begin} to {end} UTC."),
        (
            f"figures/{name}_tracks.png",
            f"{name}: tracks to both sides in time from places in the middle of the "
            f"night; data in fields/{name}_tracks.geojson.",
        ),
        (
            f"figures/{name}_crossing.png",
            f"{name}: birds that cross the line {way} (longitude, latitude) from "
            f"{begin} to {end} UTC: {found.crossing}. The right is that of somebody "
            "who walks from its first point to its last.",
        ),
    ]


def _through_the_middle(region: Region) -> Line:
    """Return a line from the western to the eastern edge of a region."""
    inset = 1e-3 * (region.x[1] - region.x[0])
    x = np.array([region.x[0] + inset, region.x[1] - inset])
    lon, lat = region.to_sphere(x, np.full(2, np.mean(region.y)))
    return list(zip(lon.tolist(), lat.tolist(), strict=True))


def _above(radars: pd.DataFrame, region: Region) -> dict[str, Place]:
    """Return the places above all radars in the middle of the altitudes."""
    level = sum(region.altitude) / 2
    columns = (radars[key].tolist() for key in ("radar", "lon", "lat"))
    return {name: (lon, lat, level) for name, lon, lat in zip(*columns, strict=True)}
