"""Integrals over altitude on a grid of the map, at several times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from tqdm import tqdm

from ...evaluation.metrics import Array
from .column import NODES, integrate_column
from .field import Field
from .region import Grid, Region, Time

__all__ = ["MapSeries", "map_series", "relative_deviation"]


@dataclass(frozen=True)
class MapSeries:
    """Maps of birds at T times.

    Attributes:
        region: Where and when.
        grid: Cells of the map.
        hours: Times in hours since the start, shape (T,).
        density: In birds/km2, shape (T, ny, nx).
        flux: To the east and to the north, in birds/(km h), shape (T, ny, nx, 2).
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
    field: Field,
    region: Region,
    times: Sequence[Time] | Array,
    *,
    n: int = 64,
    nodes: int = NODES,
) -> MapSeries:
    """Integrate a field over altitude.

    Args:
        field: The flow.
        region: Of the maps.
        times: Of the maps.
        n: Cells along the longer side.
        nodes: As for `integrate_column`.

    Raises:
        ValueError: No times, or a field that is not finite.
    """
    hours = np.array([region.hours(time) for time in times])
    if not len(hours):
        raise ValueError("times: must hold at least one time, got none.")
    grid = region.grid(n)
    density = np.empty((len(hours), *grid.shape))
    flux = np.empty((len(hours), *grid.shape, 2))
    for index, hour in enumerate(tqdm(hours, desc="maps of birds", unit="time")):
        column = integrate_column(
            field, grid.places, hour, region.altitude, nodes=nodes
        )
        density[index] = column.density.reshape(grid.shape)
        in_plane = column.flux.T.reshape(2, *grid.shape)
        east_north = region.projection.unrotate(grid.lon, grid.lat, *in_plane)
        flux[index] = np.stack(east_north, axis=-1)
    return MapSeries(region, grid, hours, density, flux)


def relative_deviation(series: Sequence[MapSeries]) -> Array:
    r"""Spread of the flux among fields that explain the same observations.

    .. math:: \frac{\bigl(\frac1K\sum_k |Q_k - \bar Q|^2\bigr)^{1/2}}
        {\frac1K\sum_k |Q_k|}

    Zero where all agree; 1 where two fluxes are opposite. NaN where nothing flies.

    Args:
        series: Of K fields, at least two, on one grid and at the same times.

    Returns:
        Shape (T, ny, nx).

    Raises:
        ValueError: One series alone, or different grids or times.

    References:
        F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024), appendix A.6.3,
        https://arxiv.org/abs/2305.16846.
    """
    if len(series) < 2:
        raise ValueError(
            f"series: must hold the maps of at least two fields, got {len(series)}."
        )
    first = series[0]
    for other in series[1:]:
        if other.region != first.region or not (
            other.flux.shape == first.flux.shape
            and np.array_equal(other.hours, first.hours)
        ):
            raise ValueError(
                "series: must all have the same region, cells and times. Compute them "
                "by map_series with equal arguments."
            )
    flux = np.stack([one.flux for one in series])
    spread = np.linalg.norm(flux - flux.mean(axis=0), axis=-1)
    size = np.linalg.norm(flux, axis=-1).mean(axis=0)
    nothing = np.full_like(size, np.nan)
    deviation: Array = np.divide(
        np.sqrt(np.mean(spread**2, axis=0)), size, out=nothing, where=size > 0
    )
    return deviation
