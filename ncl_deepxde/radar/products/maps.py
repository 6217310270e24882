"""Integrals over altitude on a grid of the map, at several times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from tqdm import tqdm

from ...arrays import Array
from .column import NODES, integrate_column
from .flow import BirdFlow
from .region import Grid, Region, Time

__all__ = ["MapSeries", "map_series", "relative_deviation"]


@dataclass(frozen=True)
class MapSeries:
    """Maps of birds at T times.

    Attributes:
        region: Region of the map, with the clock.
        grid: Cells of the map.
        hours: Times in hours since the start, shape (T,).
        density: Birds/km2, shape (T, ny, nx).
        flux: Birds/(km h) to the east and to the north, shape (T, ny, nx, 2).
    """

    region: Region
    grid: Grid
    hours: Array
    density: Array
    flux: Array

    @property
    def dates(self) -> list[datetime]:
        """Times in UTC."""
        return [self.region.utc(h) for h in self.hours]


def map_series(
    flow: BirdFlow,
    region: Region,
    times: Sequence[Time] | Array,
    *,
    n: int = 64,
    nodes: int = NODES,
) -> MapSeries:
    """Integrate a flow over altitude on the cells of a map.

    Args:
        flow: The flow of birds.
        region: Region of the maps.
        times: Times of the maps.
        n: Number of cells along the longer side.
        nodes: Number of nodes over altitude, as for ``integrate_column``.

    Raises:
        ValueError: There are no times, or the flow is not finite.
    """
    hours = np.array([region.hours(time) for time in times])
    if not len(hours):
        raise ValueError("times: must hold at least one time, got none. Give one.")
    grid = region.grid(n)
    density = np.empty((len(hours), *grid.shape))
    flux = np.empty((len(hours), *grid.shape, 2))
    for index, hour in enumerate(tqdm(hours, desc="maps of birds", unit="time")):
        column = integrate_column(flow, grid.places, hour, region.altitude, nodes=nodes)
        density[index] = column.density.reshape(grid.shape)
        in_plane = column.flux.T.reshape(2, *grid.shape)
        east_north = region.projection.unrotate(grid.lon, grid.lat, *in_plane)
        flux[index] = np.stack(east_north, axis=-1)
    return MapSeries(region, grid, hours, density, flux)


def relative_deviation(series: Sequence[MapSeries]) -> Array:
    r"""Return the spread of the flux among flows that explain the same observations.

    .. math:: \frac{\bigl(\frac1K\sum_k |Q_k - \bar Q|^2\bigr)^{1/2}}
        {\frac1K\sum_k |Q_k|}

    It is 0 where all agree, 1 where two fluxes are opposite, NaN where nothing flies.

    Args:
        series: Maps of K flows, at least two, on one grid and at the same times.

    Returns:
        The relative deviation, shape (T, ny, nx).

    Raises:
        ValueError: There is one series only, or grids or times differ.

    References:
        | Lagrangian Flow Networks for Conservation Laws (Arend Torres et al., 2024)
        | https://arxiv.org/abs/2305.16846, appendix A.6.3
    """
    if len(series) < 2:
        raise ValueError(
            f"series: must hold the maps of at least two flows, got {len(series)}. Add "
            "the maps of another one."
        )
    first, *others = series
    if not all(_is_alike(first, other) for other in others):
        raise ValueError(
            "series: must all have the same region, cells and times. Compute them by "
            "map_series with equal arguments."
        )
    flux = np.stack([one.flux for one in series])
    spread = np.linalg.norm(flux - flux.mean(axis=0), axis=-1)
    size = np.linalg.norm(flux, axis=-1).mean(axis=0)
    nothing = np.full_like(size, np.nan)
    deviation: Array = np.divide(
        np.sqrt(np.mean(spread**2, axis=0)), size, out=nothing, where=size > 0
    )
    return deviation


def _is_alike(one: MapSeries, other: MapSeries) -> bool:
    """Tell whether two series have the same region, cells and times."""
    return (
        one.region == other.region
        and one.flux.shape == other.flux.shape
        and np.array_equal(one.hours, other.hours)
    )
