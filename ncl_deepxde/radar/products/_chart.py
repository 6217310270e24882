"""A map in longitude and latitude: frame, coastlines, and what is marked on it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...plotting.style import WIDTH, new_figure
from .coastlines import coastlines
from .crossing import Line
from .lines import legs_of_line
from .region import Region

__all__ = ["Marks", "draw_legend", "new_charts"]

MARKERS = {"radar": "o", "radar held out": "^"}


@dataclass(frozen=True)
class Marks:
    """What is marked on every map.

    Args:
        radars: Columns ``radar``, ``lon`` and ``lat``, as ``Profiles.radars``.
        held_out: Names of radars that get another mark.
        line: Where birds are counted, (longitude, latitude) in degrees.
        path: As in `birds_crossing`.
    """

    radars: pd.DataFrame | None = None
    held_out: Collection[str] = ()
    line: Line | None = None
    path: str = "geodesic"


def new_charts(
    region: Region, number: int, marks: Marks, *, columns: int = 3
) -> tuple[Figure, list[Axes]]:
    """Return a figure with so many empty maps of a region.

    A degree of longitude is drawn as long as it is in the middle of the map, so that
    there areas and directions are right.
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
    """Explain the marks of one map under the figure, with a line of text."""
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
