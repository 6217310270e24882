"""Figures for biologists: maps with arrows, tracks, spread, crossing, animation."""

from __future__ import annotations

import os

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from ...evaluation.metrics import Array
from ...plotting.animation import write_frames
from ...plotting.panels import Limits
from ...plotting.style import new_figure, save, style
from ._chart import Marks, draw_legend, new_charts
from .crossing import Crossing
from .maps import MapSeries
from .region import Region, time_label
from .tracks import Tracks

__all__ = [
    "crossing_figure",
    "density_maps",
    "deviation_maps",
    "map_animation",
    "track_map",
]

DENSITY_LABEL = "birds per km²"
DEVIATION_LABEL = "relative deviation of the flux"
ARROWS = 14
SHORTEST = 0.1
"""Part of the longest arrow below which none is drawn."""

NO_MARKS = Marks()

type Path = str | os.PathLike[str]


def density_maps(
    path: Path,
    series: MapSeries,
    marks: Marks = NO_MARKS,
    *,
    title: str = "Birds in the air and where they go",
) -> None:
    """Draw density as color and flux as arrows, one map per time.

    Args:
        path: Image file to write.
        series: The maps.
        marks: What is marked on every map.
        title: Heading of the figure.
    """
    save(draw_density(series, marks, title), path)


def deviation_maps(
    path: Path,
    series: MapSeries,
    deviation: Array,
    marks: Marks = NO_MARKS,
    *,
    title: str = "Where the observations leave the flux open",
) -> None:
    """Draw a `relative_deviation`, one map per time.

    Args:
        path: Image file to write.
        series: One of those that were compared, for the grid and the times.
        deviation: Shape (T, ny, nx).
        marks: As in `density_maps`.
        title: Heading of the figure.
    """
    save(draw_deviation(series, deviation, marks, title), path)


def track_map(
    path: Path,
    tracks: Tracks,
    region: Region,
    marks: Marks = NO_MARKS,
    *,
    title: str = "Tracks of birds",
) -> None:
    """Draw tracks, their color telling the time.

    Args:
        path: Image file to write.
        tracks: From `follow`.
        region: Of the map.
        marks: As in `density_maps`.
        title: Heading of the figure.
    """
    save(draw_tracks(tracks, region, marks, title), path)


def crossing_figure(
    path: Path,
    region: Region,
    hours: Array,
    rates: Array,
    crossing: Crossing,
    *,
    title: str = "Birds that cross the line",
) -> None:
    """Draw birds per hour in both directions, with the numbers of the night.

    Args:
        path: Image file to write.
        region: For the clock.
        hours: Times since the start, (T,).
        rates: From `crossing_rates`, (T, 2).
        crossing: From `birds_crossing`.
        title: Heading of the figure.
    """
    save(draw_crossing(region, hours, rates, crossing, title), path)


def map_animation(
    path_gif: Path,
    series: MapSeries,
    marks: Marks = NO_MARKS,
    *,
    fps: int = 8,
) -> None:
    """Write a GIF of the map of `density_maps`, one frame per time.

    Args:
        path_gif: File to write.
        series: The maps.
        marks: As in `density_maps`.
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
    """Return the figure that `density_maps` writes."""
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
    """Return the figure that `deviation_maps` writes."""
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


def draw_crossing(
    region: Region, hours: Array, rates: Array, crossing: Crossing, title: str = ""
) -> Figure:
    """Return the figure that `crossing_figure` writes."""
    start = np.datetime64(region.start.replace(tzinfo=None), "s")
    dates = start + np.round(3600 * hours).astype("timedelta64[s]")
    right = f"to the right of the line: {_rounded(round(crossing.to_the_right))} birds"
    left = f"to the left: {_rounded(round(crossing.to_the_left))} birds"
    with style(), mpl.rc_context({"date.converter": "concise", "timezone": "UTC"}):
        figure = new_figure(height=4.2)
        axes = figure.subplots()
        axes.fill_between(dates, rates[:, 0], color="#0072B2", alpha=0.8, label=right)
        axes.fill_between(dates, -rates[:, 1], color="#D55E00", alpha=0.8, label=left)
        axes.axhline(0, color="black", linewidth=0.8)
        axes.yaxis.set_major_formatter(lambda rate, _: _rounded(abs(rate)))
        axes.set(xlabel="time (UTC)", ylabel="birds per hour", title=title)
        axes.margins(x=0)
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def draw_tracks(
    tracks: Tracks,
    region: Region,
    marks: Marks = NO_MARKS,
    title: str = "",
) -> Figure:
    """Return the figure that `track_map` writes."""
    with style():
        figure, (axes,) = new_charts(region, 1, marks)
        lon, lat = region.to_sphere(*tracks.positions[..., :2].transpose(2, 0, 1))
        points = np.stack([lon, lat], axis=-1).transpose(1, 0, 2)
        pieces = np.stack([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 2, 2)
        lines = LineCollection(list(pieces), cmap="plasma", linewidth=2.5, zorder=3)
        since = tracks.hours - tracks.origin
        lines.set_array(np.tile((since[:-1] + since[1:]) / 2, len(points)))
        axes.add_collection(lines)
        label = f"hours from {time_label(region.utc(tracks.origin))} UTC"
        figure.colorbar(lines, ax=axes, label=label, shrink=0.8)
        _mark_starts(axes, tracks, region)
        figure.suptitle(title)
        draw_legend(figure, axes)
    return figure


def _mark_starts(axes: Axes, tracks: Tracks, region: Region) -> None:
    lon, lat = region.to_sphere(*tracks.starts[:, :2].T)
    axes.plot(lon, lat, "s", ms=6, mfc="white", mec="C3", zorder=4, label="given place")
    for name, east, north in zip(tracks.names, lon, lat, strict=True):
        axes.annotate(
            name,
            (east, north),
            (5, 5),
            textcoords="offset points",
            size="small",
            zorder=6,
            clip_on=True,
        )


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
    """Keep about so many rows and columns as arrows have room."""
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
    return f"longest arrow: {_rounded(scale)} birds per km and hour"


def _rounded(number: float) -> str:
    """Write a number with three digits that count, as 12,300 or 0.0123."""
    return f"{float(f'{number:.3g}'):,.12g}"
