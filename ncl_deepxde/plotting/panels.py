"""Fields side by side: one row per solution, one column per time, one color scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..arrays import Array, Times
from ..evaluation.metrics import Solution, time_key
from ..files import PathLike
from .images import (
    UNIT_SQUARE,
    Limits,
    View,
    as_image,
    bar_ends,
    color_limits,
    show_field,
)
from .style import WIDTH, new_figure, save, style

__all__ = [
    "DENSITY_LABEL",
    "density_panels",
    "difference_panels",
    "draw_density",
    "draw_difference",
    "draw_velocity",
    "velocity_panels",
]

DENSITY_LABEL = r"density $\rho$ (dimensionless)"
SPEED_LABEL = r"speed $|u|$ (dimensionless)"
DIFFERENCE_LABEL = r"$\rho - \rho_{\mathrm{reference}}$ (dimensionless)"


def density_panels(
    path: PathLike,
    solutions: Mapping[str, Solution],
    times: Times,
    *,
    n: int = 128,
    title: str = "Density",
    scale_from: str | None = None,
    view: View = UNIT_SQUARE,
) -> None:
    """Draw the density of each solution (rows) at each time (columns).

    Args:
        path: Image file to write.
        solutions: Label to flow.
        times: Times of the columns.
        n: Points per axis.
        title: Heading of the figure.
        scale_from: Label of the solution whose range sets the color scale. Arrows on
            the color bar then tell that others exceed it. By default all set it.
        view: The square that the panels show.
    """
    save(draw_density(solutions, times, n, title, scale_from, view), path)


def velocity_panels(
    path: PathLike,
    solutions: Mapping[str, Solution],
    times: Times,
    *,
    n: int = 96,
    title: str = "Velocity: speed and streamlines",
    scale_from: str | None = None,
    view: View = UNIT_SQUARE,
) -> None:
    """Draw the speed as color and streamlines over it.

    Where the velocity has more than two components, the speed is that of all of them
    and the streamlines are those of the first two.

    Args:
        path: Image file to write.
        solutions: Label to flow.
        times: Times of the columns.
        n: Points per axis.
        title: Heading of the figure.
        scale_from: Label of the solution whose range sets the color scale, as in
            ``density_panels``.
        view: The square that the panels show.
    """
    save(draw_velocity(solutions, times, n, title, scale_from, view), path)


def difference_panels(
    path: PathLike,
    solutions: Mapping[str, Solution],
    reference: Solution,
    times: Times,
    *,
    n: int = 128,
    title: str = "Density minus reference",
    view: View = UNIT_SQUARE,
) -> None:
    """Draw the density of each solution minus that of the reference.

    Args:
        path: Image file to write.
        solutions: Label to flow.
        reference: The flow to compare with.
        times: Times of the columns.
        n: Points per axis.
        title: Heading of the figure.
        view: The square that the panels show.
    """
    save(draw_difference(solutions, reference, times, n, title, view), path)


def draw_density(
    solutions: Mapping[str, Solution],
    times: Times,
    n: int,
    title: str = "Density",
    scale_from: str | None = None,
    view: View = UNIT_SQUARE,
) -> Figure:
    """Return the figure that ``density_panels`` writes."""
    points = view.grid(n)
    images = {
        name: [as_image(solution(points, time)["rho"], n) for time in times]
        for name, solution in solutions.items()
    }
    limits = color_limits(images, scale_from)
    return _draw_grid(images, times, limits, title, DENSITY_LABEL, "viridis", view)


def draw_velocity(
    solutions: Mapping[str, Solution],
    times: Times,
    n: int,
    title: str = "Velocity",
    scale_from: str | None = None,
    view: View = UNIT_SQUARE,
) -> Figure:
    """Return the figure that ``velocity_panels`` writes."""
    points = view.grid(n)
    velocities = {
        name: [
            [as_image(column, n) for column in solution(points, time)["u"].T]
            for time in times
        ]
        for name, solution in solutions.items()
    }
    speeds = {
        name: [np.linalg.norm(u, axis=0) for u in row]
        for name, row in velocities.items()
    }

    def streamlines(axes: Axes, name: str, column: int) -> None:
        u, v, *_ = velocities[name][column]
        _draw_streamlines(axes, points[:n, 1], u, v)

    limits = color_limits(speeds, scale_from)
    return _draw_grid(
        speeds, times, limits, title, SPEED_LABEL, "viridis", view, streamlines
    )


def draw_difference(
    solutions: Mapping[str, Solution],
    reference: Solution,
    times: Times,
    n: int,
    title: str = "Density minus reference",
    view: View = UNIT_SQUARE,
) -> Figure:
    """Return the figure that ``difference_panels`` writes."""
    points = view.grid(n)
    targets = [reference(points, time)["rho"] for time in times]
    images = {
        name: [
            as_image(solution(points, time)["rho"] - target, n)
            for time, target in zip(times, targets, strict=True)
        ]
        for name, solution in solutions.items()
    }
    largest = max(abs(limit) for limit in color_limits(images))
    limits = (-largest, largest)
    return _draw_grid(images, times, limits, title, DIFFERENCE_LABEL, "RdBu_r", view)


def _draw_streamlines(axes: Axes, axis: Array, u: Array, v: Array) -> None:
    """Draw streamlines of (u, v) at x and y of one axis, unless nothing moves."""
    if np.any(np.hypot(u, v) > 0):
        axes.streamplot(
            axis,
            axis,
            u,
            v,
            color="white",
            linewidth=0.6,
            density=0.7,
            arrowsize=0.6,
        )


def _draw_grid(
    images: Mapping[str, Sequence[Array]],
    times: Times,
    limits: Limits,
    title: str,
    label: str,
    cmap: str,
    view: View,
    overlay: Callable[[Axes, str, int], None] | None = None,
) -> Figure:
    rows, columns = len(images), len(times)
    with style():
        figure = new_figure(height=1.1 + rows * min((WIDTH - 1.8) / columns, 4.5))
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes_row, (name, row) in zip(grid, images.items(), strict=True):
            for column, (axes, image) in enumerate(zip(axes_row, row, strict=True)):
                shown = show_field(axes, image, limits, cmap, view)
                if overlay is not None:
                    overlay(axes, name, column)
            _name_row(axes_row[0], name)
        for axes, time in zip(grid[0], times, strict=True):
            axes.set_title(f"$t = {time_key(time)}$")
        for axes in grid[-1]:
            axes.set_xlabel("$x$")
        figure.colorbar(
            shown,
            ax=grid,
            label=label,
            extend=bar_ends(images, limits),
            aspect=12 * rows,
        )
        figure.suptitle(title)
    return figure


def _name_row(axes: Axes, name: str) -> None:
    axes.set_ylabel("$y$")
    axes.annotate(
        name,
        xy=(0, 0.5),
        xycoords=axes.yaxis.label,
        xytext=(-8, 0),
        textcoords="offset points",
        rotation=90,
        ha="right",
        va="center",
        weight="bold",
    )
