"""What 37 radars would see of a migration that is known: profiles with noise and gaps.

Stand-in for data that may not be shipped: the places are real (``stations``), the
birds are those of ``truth``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.radar import Projection

from .settings import Scans
from .stations import STATIONS
from .truth import HOURS, LENGTH, NIGHTS, START, Migration
from .units import KMH

__all__ = ["center_of", "hours_before", "synthetic_rows"]

TOP = 5.0
"""Upper end of the highest altitude bin in km."""
MARGIN = 1.0
"""Hours before dusk and after dawn with scans."""
LOG_DENSITY_NOISE, VELOCITY_NOISE = 0.1, 1.0
"""Standard deviations, of the velocity in m/s."""
DETECTED = 0.01
"""Densities below are recorded as zero."""
SEEN_MOVING = 1.0
"""Densities below have no velocity."""
OUTAGE, MISSING = 0.04, 0.02
"""Shares of hours without any scan, and of bins without a value."""


def center_of(projection: Projection) -> Array:
    """Locate the middle of the 37 stations in km, (2,)."""
    lon, lat = np.array(list(STATIONS.values())).T
    x, y = projection.to_plane(lon, lat)
    middle: Array = np.array([(v.min() + v.max()) / 2 for v in (x, y)])
    return middle


def hours_before(start: np.datetime64) -> float:
    """Count the hours from the beginning of the migration to some UTC."""
    return float((start - np.datetime64(START)) / np.timedelta64(1, "s")) / 3600


def synthetic_rows(scans: Scans, projection: Projection) -> pd.DataFrame:
    """Measure the migration; rows as the readers of ``ncl_deepxde.radar`` make them.

    Args:
        scans: Altitudes and times of the scans.
        projection: Map of the stations to the plane.
    """
    altitude = (np.arange(scans.n) + 0.5) * TOP / scans.n
    index: Any = np.meshgrid(np.arange(len(STATIONS)), scan_times(scans.dt), altitude)
    station, t, z = (part.ravel() for part in index)
    station = station.astype(int)
    lon, lat = (np.array(list(STATIONS.values()))[station, i] for i in (0, 1))
    x, y = projection.to_plane(lon, lat)
    places = np.stack([x, y], axis=1) - center_of(projection)
    flow = Migration()(np.column_stack([places, z, t]))
    east, north = projection.unrotate(lon, lat, *(flow["u"][:, :2] / KMH).T)
    dens, u, v = _measured(flow["rho"][:, 0], east, north, station, t)
    start = pd.Timestamp(START, tz="UTC")
    return pd.DataFrame(
        {
            "radar": np.array(list(STATIONS))[station],
            "lon": lon,
            "lat": lat,
            "time": start + pd.to_timedelta(np.round(t * 3600), unit="s"),
            "altitude": 1000 * z,
            "dens": dens,
            "u": u,
            "v": v,
        }
    )


def scan_times(dt: float) -> Array:
    """List the hours of all scans: from before dusk until after dawn."""
    times: Array = np.arange(0, HOURS, dt)
    is_night = [
        (times >= dusk - MARGIN) & (times <= dusk + LENGTH + MARGIN) for dusk in NIGHTS
    ]
    return times[np.any(is_night, axis=0)]


def _measured(
    rho: Array, east: Array, north: Array, station: Array, t: Array
) -> tuple[Array, Array, Array]:
    """Add noise, zeros and gaps to density and velocity, the same at each call."""
    draw = np.random.default_rng(0)
    factor, *noise = draw.standard_normal((3, len(rho)))
    dens = rho * np.exp(LOG_DENSITY_NOISE * factor)
    dens[dens < DETECTED] = 0
    has_failed = draw.random((len(STATIONS), int(HOURS) + 1)) < OUTAGE
    is_missing = has_failed[station, t.astype(int)] | (draw.random(len(rho)) < MISSING)
    dens[is_missing] = np.nan
    is_moving = dens >= SEEN_MOVING
    pairs = zip((east, north), noise, strict=True)
    u, v = (np.where(is_moving, w + VELOCITY_NOISE * e, np.nan) for w, e in pairs)
    return dens, u, v
