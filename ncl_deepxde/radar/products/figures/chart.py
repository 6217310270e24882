"""A map in longitude and latitude: frame, coastlines and marks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ....plotting.style import WIDTH, new_figure
from ..lines import Line, legs_of_line
from ..region import Region
from .coastlines import coastlines

__all__ = ["NO_MARKS", "Marks", "draw_legend", "new_charts", "rounded"]

MARKERS = {"radar": "o", "radar held out": "^"}


@dataclass(frozen=True)
class Marks:
    """Marks on a map: radars and the line on which birds are counted.

    Args:
        radars: Columns ``radar``, ``lon`` and ``lat``, as ``Profiles.radars``.
        held_out: Names of radars that get another mark.
        line: Vertices of the line, (longitude, latitude) in degrees.
        path: Way between vertices, ``"geodesic"`` or ``"straight"`` in the plane.
    """

    radars: pd.DataFrame | None = None
    held_out: Collection[str] = ()
    line: Line | None = None
    path: str = "geodesic"


NO_MARKS = Marks()


def new_charts(
    region: Region, number: int, marks: Marks, *, columns: int = 3
) -> tuple[Figure, list[Axes]]:
    """Return a figure with empty maps of a region, and the maps.

    A degree of longitude is drawn as long as it is in the middle of the map, so that
    areas and directions are right there.

    Args:
        region: Region of the maps.
        number: Number of maps.
        marks: Marks on every map.
        columns: Most maps in a row.
    """
    columns = min(columns, number)
    rows = -(-number // columns)
    grid = region.grid(32)
    lon, lat = ((v.min(), v.max()) for v in (grid.lon, grid.lat))
    aspect = 1 / np.cos(np.radians(np.mean(lat)))
    slope = aspect * (lat[1] - lat[0]) / (lon[1] - lon[0])
    height = min((WIDTH - 1.8) / columns * slope, 6.5)
    figure = new_figure(height=1.5 + rows * (height + 0.3))
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    used = list(panels.ravel()[:number])
    for axes in panels.ravel()[number:]:
        axes.remove()
    for axes in used:
        axes.set(xlim=lon, ylim=lat, aspect=aspect)
        axes.spines[:].set_visible(True)
        _draw_coast(axes)
        _draw_line(axes, region, marks)
        _draw_radars(axes, region, marks)
    for axes in used[-columns:]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("longitude (°E)")
    for axes in panels[:, 0]:
        axes.set_ylabel("latitude (°N)")
    return figure, used


def draw_legend(figure: Figure, axes: Axes, title: str | None = None) -> None:
    """Explain the marks of one map under the figure.

    Args:
        figure: The figure.
        axes: The map whose marks are explained.
        title: Line of text above the legend.
    """
    handles, labels = axes.get_legend_handles_labels()
    if handles or title:
        figure.legend(
            handles,
            labels,
            title=title,
            loc="outside lower center",
            ncols=max(1, len(handles)),
            frameon=False,
        )


def rounded(number: float) -> str:
    """Return a number as text with three digits that count, as 12,300 or 0.0123."""
    return f"{float(f'{number:.3g}'):,.12g}"


def _draw_coast(axes: Axes) -> None:
    for line in coastlines():
        lon, lat = line.T
        for turn in (-360, 0, 360):
            axes.plot(lon + turn, lat, color="0.5", linewidth=0.8, zorder=2)


def _draw_line(axes: Axes, region: Region, marks: Marks) -> None:
    if marks.line is None:
        return
    s = np.linspace(0, 1, 33)
    legs = legs_of_line(region.projection, marks.line, marks.path)
    x, y = np.concatenate([leg.places(s) for leg in legs]).T
    axes.plot(
        *region.to_sphere(x, y), "--", color="0.7", label="counting line", zorder=3
    )


def _draw_radars(axes: Axes, region: Region, marks: Marks) -> None:
    if marks.radars is None:
        return
    x, y = region.projection.to_plane(marks.radars["lon"], marks.radars["lat"])
    lon, lat = region.to_sphere(x, y)
    apart = marks.radars["radar"].isin(marks.held_out).to_numpy()
    for label, rows in zip(MARKERS, (~apart, apart), strict=True):
        if rows.any():
            axes.plot(
                lon[rows],
                lat[rows],
                MARKERS[label],
                markersize=5,
                markerfacecolor="white",
                markeredgecolor="black",
                label=label,
                zorder=5,
            )
