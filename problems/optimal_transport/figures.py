"""Figures of optimal transport: particles, velocities, densities and maps on a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ncl_deepxde.evaluation.metrics import Array, Solution, time_key
from ncl_deepxde.plotting import View
from ncl_deepxde.plotting.images import as_image, show_field, show_frame
from ncl_deepxde.plotting.style import WIDTH, new_figure, save, style

from .colors import colors_with_reference

__all__ = ["EXACT", "draw_lines", "draw_maps", "draw_particles", "draw_vectors"]

EXACT = "exact"
"""Name of what is exact among models; it is drawn black, broad and behind."""

# Points per axis of the grids of arrows and of images.
ARROWS, FINE = 20, 100
# Share of the largest density below which no arrow is drawn: it would move nothing.
LEAST_SHARE = 0.02


def draw_particles(
    path: Path,
    particles: Mapping[str, Array],
    times: Sequence[float],
    view: View,
    title: str,
) -> None:
    """Draw particles on their way, colored by their angle at the start.

    Args:
        path: Image file to write.
        particles: Model to positions, (T, N, 2).
        times: Columns, T of them.
        view: What the panels show.
        title: Heading of the figure.
    """

    def show(axes: Axes, name: str, column: int) -> None:
        start, now = particles[name][0], particles[name][column]
        angle = np.arctan2(start[:, 1], start[:, 0])
        axes.scatter(now[:, 0], now[:, 1], c=angle, cmap="hsv", s=2.5, linewidths=0)

    save(_grid([*particles], times, view, title, show), path)


def draw_vectors(
    path: Path,
    flows: Mapping[str, Solution],
    times: Sequence[float],
    view: View,
    title: str,
) -> None:
    """Draw velocities as arrows over the density, where there is any.

    An arrow as long as two spaces of their grid is as fast as the heading says.

    Args:
        path: Image file to write.
        flows: Model to flow.
        times: Columns.
        view: What the panels show.
        title: Heading of the figure.
    """
    fine = view.grid(FINE)
    images = {
        name: [as_image(flow(fine, t)["rho"], FINE) for t in times]
        for name, flow in flows.items()
    }
    arrows = {
        name: [_arrows(flow, view.grid(ARROWS), t) for t in times]
        for name, flow in flows.items()
    }
    top = max(float(image.max()) for row in images.values() for image in row)
    speeds = [np.linalg.norm(u, axis=1) for row in arrows.values() for _, u in row]
    longest = max(float(np.quantile(np.concatenate(speeds), 0.95)), 1e-12)
    length = 2 * (view.high - view.low) / ARROWS

    def show(axes: Axes, name: str, column: int) -> None:
        show_field(axes, images[name][column], (0, top), "Blues", view)
        x, u = arrows[name][column]
        units: Any = {"angles": "xy", "scale_units": "xy", "scale": longest / length}
        axes.quiver(*x.T, *u.T, width=0.006, color="tab:red", **units)

    heading = f"{title} (an arrow of length {length:.2g} is a speed of {longest:.2g})"
    save(_grid([*flows], times, view, heading, show), path)


def _arrows(flow: Solution, points: Array, time: float) -> tuple[Array, Array]:
    """Return the points (N, 2) where there is mass, and the velocities there."""
    state = flow(points, time)
    is_dense = state["rho"][:, 0] > LEAST_SHARE * state["rho"].max()
    return points[is_dense], state["u"][is_dense]


def draw_lines(
    path: Path,
    flows: Mapping[str, Solution],
    times: Sequence[float],
    ends: tuple[float, float],
    title: str,
) -> None:
    """Draw densities on a line, one panel per time.

    Args:
        path: Image file to write.
        flows: Model to flow.
        times: Panels.
        ends: Least and largest coordinate.
        title: Heading of the figure.
    """
    x, looks = np.linspace(*ends, 400)[:, None], _looks(flows)
    with style():
        figure = new_figure(height=3.0)
        panels = figure.subplots(1, len(times), sharey=True, squeeze=False)[0]
        for axes, time in zip(panels, times, strict=True):
            for name, flow in flows.items():
                axes.plot(x, flow(x, time)["rho"], label=name, **looks[name])
            axes.set(title=f"$t = {time_key(time)}$", xlabel="$x$")
        panels[0].set_ylabel(r"density $\rho$")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        figure.suptitle(title)
    save(figure, path)


def draw_maps(path: Path, starts: Array, ends: Mapping[str, Array], title: str) -> None:
    """Draw maps of a line, and how far they are from the exact one.

    Args:
        path: Image file to write.
        starts: Increasing points, (N,).
        ends: Model to where the points go, (N,); ``EXACT`` is among them.
        title: Heading of the figure.
    """
    looks = _looks(ends)
    with style():
        figure = new_figure(height=3.6)
        left, right = figure.subplots(1, 2)
        for name, end in ends.items():
            left.plot(starts, end, label=name, **looks[name])
            if name != EXACT:
                right.plot(starts, end - ends[EXACT], **looks[name])
        left.set(xlabel="$x$", ylabel="$T(x)$", title="map")
        right.set(xlabel="$x$", title="difference from the exact map")
        right.grid(True)
        left.legend()
        figure.suptitle(title)
    save(figure, path)


def _grid(
    names: Sequence[str],
    times: Sequence[float],
    view: View,
    title: str,
    show: Callable[[Axes, str, int], None],
) -> Figure:
    """Draw a figure with a row per name and a column per time."""
    rows, columns = len(names), len(times)
    with style():
        figure = new_figure(height=0.9 + rows * (WIDTH - 0.8) / columns)
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes_row, name in zip(grid, names, strict=True):
            for column, axes in enumerate(axes_row):
                show_frame(axes, view)
                axes.set_aspect("equal")
                show(axes, name, column)
            axes_row[0].set_ylabel(f"{name}\n$y$", weight="bold")
        for top, bottom, time in zip(grid[0], grid[-1], times, strict=True):
            top.set_title(f"$t = {time_key(time)}$")
            bottom.set_xlabel("$x$")
        figure.suptitle(title)
    return figure


def _looks(names: Iterable[str]) -> dict[str, Any]:
    """Choose the lines of models, with the colors of figures that have a reference."""
    colors = colors_with_reference(name for name in names if name != EXACT)
    looks: dict[str, Any] = {
        name: {"color": color, "linewidth": 1.4} for name, color in colors.items()
    }
    looks[EXACT] = {"color": "black", "linewidth": 3, "alpha": 0.35, "zorder": 1}
    return looks
