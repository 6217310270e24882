"""Pictures of optimal transport: particles, vector fields, densities on a line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ncl_deepxde.evaluation.metrics import Array, Solution, time_key
from ncl_deepxde.plotting import View
from ncl_deepxde.plotting.images import show_frame
from ncl_deepxde.plotting.style import WIDTH, model_colors, new_figure, save, style

from .convergence import DISCRETE

__all__ = ["draw_lines", "draw_maps", "draw_particles", "draw_vectors"]

Path = str | os.PathLike[str]

ARROWS = 20
# Of the largest density: where there is less, a velocity moves nothing.
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
    points, fine = view.grid(ARROWS), view.grid(100)
    values = {name: [flow(points, t) for t in times] for name, flow in flows.items()}
    images = {
        name: [flow(fine, t)["rho"].reshape(100, 100).T for t in times]
        for name, flow in flows.items()
    }
    tops = [float(image.max()) for row in images.values() for image in row]
    lengths = [
        np.linalg.norm(v["u"], axis=1)[_is_dense(v["rho"])]
        for row in values.values()
        for v in row
    ]
    longest = max(float(np.quantile(np.concatenate(lengths), 0.95)), 1e-12)
    spacing = (view.high - view.low) / ARROWS

    def show(axes: Axes, name: str, column: int) -> None:
        axes.imshow(
            images[name][column],
            origin="lower",
            extent=(view.low, view.high) * 2,
            vmin=0,
            vmax=max(tops),
            cmap="Blues",
        )
        state = values[name][column]
        dense = _is_dense(state["rho"])
        axes.quiver(
            *points[dense].T,
            *state["u"][dense].T,
            angles="xy",
            scale_units="xy",
            scale=longest / (2 * spacing),
            width=0.006,
            color="tab:red",
        )

    heading = (
        f"{title} (an arrow of length {2 * spacing:.2g} is a speed of {longest:.2g})"
    )
    save(_grid([*flows], times, view, heading, show), path)


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
        ends: Of the line.
        title: Heading of the figure.
    """
    x, colors = np.linspace(*ends, 400)[:, None], _colors(flows)
    with style():
        figure = new_figure(height=3.0)
        panels = figure.subplots(1, len(times), sharey=True, squeeze=False)[0]
        for axes, time in zip(panels, times, strict=True):
            for name, flow in flows.items():
                look: Any = _look(name, colors)
                axes.plot(x, flow(x, time)["rho"], label=name, **look)
            axes.set(title=f"$t = {time_key(time)}$", xlabel="$x$")
        panels[0].set_ylabel(r"density $\rho$")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        figure.suptitle(title)
    save(figure, path)


def draw_maps(
    path: Path, starts: Array, ends: Mapping[str, Array], truth: str, title: str
) -> None:
    """Draw maps of a line, and how far they are from the true one.

    Args:
        path: Image file to write.
        starts: Increasing points, (N,).
        ends: Model to where they go, (N,).
        truth: Key of the true map.
        title: Heading of the figure.
    """
    colors = _colors(ends)
    with style():
        figure = new_figure(height=3.6)
        left, right = figure.subplots(1, 2)
        for name, end in ends.items():
            look: Any = _look(name, colors)
            left.plot(starts, end, label=name, **look)
            if name != truth:
                right.plot(starts, end - ends[truth], **look)
        left.set(xlabel="$x$", ylabel="$T(x)$", title="map")
        right.set(xlabel="$x$", title="difference from the exact map")
        right.grid(True)
        left.legend()
        figure.suptitle(title)
    save(figure, path)


def _grid(
    names: Sequence[str], times: Sequence[float], view: View, title: str, show: Any
) -> Figure:
    """Return a figure with a row per name and a column per time."""
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


def _is_dense(rho: Array) -> NDArray[np.bool_]:
    return np.asarray(rho[:, 0] > LEAST_SHARE * rho.max())


def _colors(names: Iterable[str]) -> dict[str, str]:
    """Return colors that agree with those of figures with a discrete reference."""
    return model_colors([*(name for name in names if name != "exact"), DISCRETE])


def _look(name: str, colors: Mapping[str, str]) -> dict[str, Any]:
    """Return the line of a model; what is exact is black, broad and behind."""
    if name == "exact":
        return {"color": "black", "linewidth": 3, "alpha": 0.35, "zorder": 1}
    return {"color": colors[name], "linewidth": 1.4}
