"""Fields side by side: one row per solution, one column per time, one color scale."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from ..evaluation.metrics import Array, Solution, Times, time_key, torus_grid
from .style import WIDTH, new_figure, save, style

type Limits = tuple[float, float]

DENSITY_LABEL = r"density $\rho$ (dimensionless)"
SPEED_LABEL = r"speed $|u|$ (dimensionless)"
DIFFERENCE_LABEL = r"$\rho - \rho_{\mathrm{reference}}$ (dimensionless)"


@dataclass(frozen=True)
class View:
    """The square that panels show, by default the unit torus.

    Args:
        low: Least coordinate of both axes.
        high: Largest coordinate.
        overlay: Draws more on every panel.
    """

    low: float = 0.0
    high: float = 1.0
    overlay: Callable[[Axes], object] | None = None

    def grid(self, n: int) -> Array:
        """Return cell centers with n cells per axis, (n**2, 2), as `torus_grid`."""
        return self.low + (self.high - self.low) * torus_grid(n)


UNIT_SQUARE = View()


def density_panels(
    path: str | os.PathLike[str],
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
        times: Columns.
        n: Points per axis.
        title: Heading of the figure.
        scale_from: Label of the solution whose range sets the color scale, arrows on
            the color bar then tell that others exceed it; by default all set it.
        view: What the panels show.
    """
    save(draw_density(solutions, times, n, title, scale_from, view), path)


def velocity_panels(
    path: str | os.PathLike[str],
    solutions: Mapping[str, Solution],
    times: Times,
    *,
    n: int = 96,
    title: str = "Velocity: speed and streamlines",
    scale_from: str | None = None,
    view: View = UNIT_SQUARE,
) -> None:
    """Draw speed as color with streamlines; arguments as in `density_panels`.

    Of a velocity with more components than two, the speed is that of all and the
    streamlines are those of the first two.
    """
    save(draw_velocity(solutions, times, n, title, scale_from, view), path)


def difference_panels(
    path: str | os.PathLike[str],
    solutions: Mapping[str, Solution],
    reference: Solution,
    times: Times,
    *,
    n: int = 128,
    title: str = "Density minus reference",
    view: View = UNIT_SQUARE,
) -> None:
    """Draw the density error of each solution; arguments as in `density_panels`."""
    save(draw_difference(solutions, reference, times, n, title, view), path)


def draw_density(
    solutions: Mapping[str, Solution],
    times: Times,
    n: int,
    title: str = "Density",
    scale_from: str | None = None,
    view: View = UNIT_SQUARE,
) -> Figure:
    """Return the figure that `density_panels` writes."""
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
    """Return the figure that `velocity_panels` writes."""
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
    axis = points[:n, 1]

    def streamlines(axes: Axes, name: str, column: int) -> None:
        u, v, *_ = velocities[name][column]
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
    """Return the figure that `difference_panels` writes."""
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


def as_image(column: Array, n: int) -> Array:
    """Arrange values on `torus_grid(n)` as an image, rows along y, (n, n)."""
    return column.reshape(n, n).T


def color_limits(
    images: Mapping[str, Sequence[Array]], scale_from: str | None = None
) -> Limits:
    """Smallest and largest finite value over all images, or over those of one label.

    Raises:
        ValueError: If `scale_from` is no label, or no value is finite.
    """
    if scale_from is not None and scale_from not in images:
        raise ValueError(
            f"scale_from: must be one of {list(images)}, got {scale_from!r}."
        )
    rows = images.values() if scale_from is None else [images[scale_from]]
    values = np.concatenate([image.ravel() for row in rows for image in row])
    values = values[np.isfinite(values)]
    if values.size == 0:
        raise ValueError("solutions: no finite value to draw, check the training log.")
    return float(values.min()), float(values.max())


def show_field(
    axes: Axes, image: Array, limits: Limits, cmap: str, view: View = UNIT_SQUARE
) -> AxesImage:
    """Draw an image on a square with equal aspect and sparse ticks."""
    show_frame(axes, view)
    return axes.imshow(
        image,
        origin="lower",
        extent=(view.low, view.high) * 2,
        aspect="equal",
        vmin=limits[0],
        vmax=limits[1],
        cmap=cmap,
    )


def show_frame(axes: Axes, view: View) -> None:
    """Give axes the limits, sparse ticks and the overlay of a view."""
    ends = view.low, view.high
    axes.set(xlim=ends, ylim=ends)
    ticks = [view.low, (view.low + view.high) / 2, view.high]
    axes.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
    axes.set_yticks(ticks, [f"{tick:.3g}" for tick in ticks])
    # The last label of a panel would run into the first of the next.
    first, _, last = axes.xaxis.get_major_ticks()
    first.label1.set_horizontalalignment("left")
    last.label1.set_horizontalalignment("right")
    axes.spines[:].set_visible(True)
    if view.overlay is not None:
        view.overlay(axes)


def bar_ends(images: Mapping[str, Sequence[Array]], limits: Limits) -> str:
    """Which ends of the color bar need an arrow: matplotlib's `extend`."""
    lowest, highest = color_limits(images)
    below, above = lowest < limits[0], highest > limits[1]
    return {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[
        int(below), int(above)
    ]


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
