"""Tracks of birds on a map, their color telling the time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from ....files import PathLike
from ....plotting.style import save, style
from ..region import Region, time_label
from ..tracks import Tracks
from .chart import NO_MARKS, Marks, draw_legend, new_charts

__all__ = ["draw_tracks", "track_map"]


def track_map(
    path: PathLike,
    tracks: Tracks,
    region: Region,
    marks: Marks = NO_MARKS,
    *,
    title: str = "Tracks of birds",
) -> None:
    """Draw tracks on a map, their color telling the time.

    Args:
        path: Image file to write.
        tracks: Tracks from ``follow``.
        region: Region of the map.
        marks: Marks on the map.
        title: Heading of the figure.
    """
    save(draw_tracks(tracks, region, marks, title), path)


def draw_tracks(
    tracks: Tracks,
    region: Region,
    marks: Marks = NO_MARKS,
    title: str = "",
) -> Figure:
    """Return the figure that ``track_map`` writes."""
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
