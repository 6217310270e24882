"""Maps of birds: density as color and flux as arrows, spread, animation."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from ....arrays import Array
from ....files import PathLike
from ....plotting.animation import write_frames
from ....plotting.images import Limits
from ....plotting.style import save, style
from ..maps import MapSeries
from ..region import time_label
from .chart import NO_MARKS, Marks, draw_legend, new_charts, rounded

__all__ = [
    "density_maps",
    "deviation_maps",
    "draw_density",
    "draw_deviation",
    "map_animation",
]

DENSITY_LABEL = "birds per km²"
DEVIATION_LABEL = "relative deviation of the flux"
ARROWS = 14
SHORTEST = 0.1
"""Shortest arrow that is drawn, as a part of the longest."""


def density_maps(
    path: PathLike,
    series: MapSeries,
    marks: Marks = NO_MARKS,
    *,
    title: str = "Birds in the air and where they go",
) -> None:
    """Draw density as color and flux as arrows, one map per time.

    Args:
        path: Image file to write.
        series: The maps.
        marks: Marks on every map.
        title: Heading of the figure.
    """
    save(draw_density(series, marks, title), path)


def deviation_maps(
    path: PathLike,
    series: MapSeries,
    deviation: Array,
    marks: Marks = NO_MARKS,
    *,
    title: str = "Where the observations leave the flux open",
) -> None:
    """Draw the spread of the flux among flows, one map per time.

    Args:
        path: Image file to write.
        series: One of the series that were compared, for the grid and the times.
        deviation: Values from ``relative_deviation``, shape (T, ny, nx).
        marks: Marks on every map.
        title: Heading of the figure.
    """
    save(draw_deviation(series, deviation, marks, title), path)


def map_animation(
    path_gif: PathLike,
    series: MapSeries,
    marks: Marks = NO_MARKS,
    *,
    fps: int = 8,
) -> None:
    """Write a GIF of the map of ``density_maps``, one frame per time.

    Args:
        path_gif: File to write.
        series: The maps.
        marks: Marks on the map.
        fps: Frames per second.
    """
    with style():
        figure, (axes,) = new_charts(series.region, 1, marks)
        limits, scale = _density_limits(series), _largest_arrow(series)
        mesh, arrows = _draw_map(axes, series, 0, limits, scale)
        figure.colorbar(mesh, ax=axes, label=DENSITY_LABEL, shrink=0.8)
        heading = figure.suptitle(" ")
        draw_legend(figure, axes, _arrow_text(scale))

    def show(index: int) -> None:
        mesh.set_array(series.density[index])
        arrows.set_UVC(*_arrows(series, index, scale))
        heading.set_text(f"{time_label(series.dates[index])} UTC")

    write_frames(path_gif, figure, show, len(series.hours), fps=fps)


def draw_density(
    series: MapSeries,
    marks: Marks = NO_MARKS,
    title: str = "",
) -> Figure:
    """Return the figure that ``density_maps`` writes."""
    limits, scale = _density_limits(series), _largest_arrow(series)
    with style():
        figure, charts = new_charts(series.region, len(series.hours), marks)
        for index, axes in enumerate(charts):
            mesh, _ = _draw_map(axes, series, index, limits, scale)
            axes.set_title(time_label(series.dates[index]))
        figure.colorbar(mesh, ax=charts, label=DENSITY_LABEL, shrink=0.8)
        figure.suptitle(f"{title} (UTC)")
        draw_legend(figure, charts[0], _arrow_text(scale))
    return figure


def draw_deviation(
    series: MapSeries,
    deviation: Array,
    marks: Marks = NO_MARKS,
    title: str = "",
) -> Figure:
    """Return the figure that ``deviation_maps`` writes."""
    top = float(np.nanmax(deviation, initial=0.0)) or 1.0
    with style():
        figure, charts = new_charts(series.region, len(series.hours), marks)
        for index, axes in enumerate(charts):
            mesh = _color(axes, series, deviation[index], (0.0, top), "magma")
            axes.set_title(time_label(series.dates[index]))
        figure.colorbar(mesh, ax=charts, label=DEVIATION_LABEL, shrink=0.8)
        figure.suptitle(f"{title} (UTC)")
        draw_legend(figure, charts[0])
    return figure


def _draw_map(
    axes: Axes, series: MapSeries, index: int, limits: Limits, scale: float
) -> tuple[QuadMesh, Quiver]:
    mesh = _color(axes, series, series.density[index], limits, "viridis")
    grid = series.grid
    arrows = axes.quiver(
        _every(grid.lon),
        _every(grid.lat),
        *_arrows(series, index, scale),
        color="white",
        scale=scale * ARROWS,
        scale_units="width",
        width=0.006,
        zorder=3,
    )
    return mesh, arrows


def _color(
    axes: Axes, series: MapSeries, values: Array, limits: Limits, cmap: str
) -> QuadMesh:
    return axes.pcolormesh(
        series.grid.lon,
        series.grid.lat,
        values,
        vmin=limits[0],
        vmax=limits[1],
        cmap=cmap,
        zorder=1,
        rasterized=True,
    )


def _every(values: Array) -> Array:
    """Return about as many rows and columns as arrows have room."""
    step = max(1, round(max(values.shape[:2]) / ARROWS))
    return values[step // 2 :: step, step // 2 :: step]


def _density_limits(series: MapSeries) -> Limits:
    return 0.0, float(series.density.max()) or 1.0


def _largest_arrow(series: MapSeries) -> float:
    largest = max(np.linalg.norm(_every(q), axis=-1).max() for q in series.flux)
    return float(largest) or 1.0


def _arrows(series: MapSeries, index: int, scale: float) -> Array:
    """Return both components of the flux for arrows, NaN where it is small."""
    flux = _every(series.flux[index])
    small = np.linalg.norm(flux, axis=-1) < SHORTEST * scale
    return np.where(small, np.nan, flux.transpose(2, 0, 1))


def _arrow_text(scale: float) -> str:
    return f"longest arrow: {rounded(scale)} birds per km and hour"
