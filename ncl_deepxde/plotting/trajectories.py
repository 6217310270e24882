"""Paths of particles in the plane, one panel per solution."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from ..arrays import Array, Times
from ..files import PathLike
from .images import UNIT_SQUARE, View, show_frame
from .style import WIDTH, new_figure, save, style

__all__ = ["draw_trajectories", "trajectory_panels"]


def trajectory_panels(
    path: PathLike,
    paths: Mapping[str, Array],
    times: Times,
    *,
    truth: str | None = None,
    title: str = "Trajectories",
    view: View = UNIT_SQUARE,
) -> None:
    """Draw where particles go, their color telling the time.

    Args:
        path: Image file to write.
        paths: Label to the positions of N particles at T times, shape (T, N, 2).
        times: The T times.
        truth: Label of the paths that every panel repeats as thin gray lines.
        title: Heading of the figure.
        view: The square that the panels show.
    """
    save(draw_trajectories(paths, times, truth, title, view), path)


def draw_trajectories(
    paths: Mapping[str, Array],
    times: Times,
    truth: str | None = None,
    title: str = "Trajectories",
    view: View = UNIT_SQUARE,
) -> Figure:
    """Return the figure that ``trajectory_panels`` writes."""
    columns = min(3, len(paths))
    rows = -(-len(paths) // columns)
    with style():
        figure = new_figure(height=1.0 + rows * (WIDTH - 1.6) / columns)
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        panels = grid.ravel()
        for axes, (name, positions) in zip(panels, paths.items(), strict=False):
            show_frame(axes, view)
            axes.set_aspect("equal")
            if truth is not None and name != truth:
                for x, y in paths[truth].transpose(1, 2, 0):
                    axes.plot(x, y, color="0.6", linewidth=0.8)
            lines = LineCollection(
                list(_pieces(positions)), cmap="plasma", linewidth=2.5, zorder=3
            )
            lines.set_array(np.tile(times[:-1], positions.shape[1]))
            lines.set_clim(times[0], times[-1])
            axes.add_collection(lines)
            axes.plot(*positions[0].T, "o", ms=5, mfc="white", mec="black", zorder=4)
            axes.set(title=name)
        for axes in panels[len(paths) :]:
            axes.remove()
        for axes in panels[max(0, len(paths) - columns) : len(paths)]:
            axes.tick_params(labelbottom=True)
            axes.set_xlabel("$x$")
        for axes in grid[:, 0]:
            axes.set_ylabel("$y$")
        used = list(panels[: len(paths)])
        figure.colorbar(lines, ax=used, label="time $t$", aspect=20 * rows, shrink=0.8)
        figure.suptitle(title)
    return figure


def _pieces(positions: Array) -> Array:
    """Return the straight pieces of all paths, shape (N * (T - 1), 2, 2)."""
    ends = np.stack([positions[:-1], positions[1:]], axis=2)
    return ends.transpose(1, 0, 2, 3).reshape(-1, 2, 2)
