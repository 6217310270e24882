"""Figures of the Hodge decomposition: errors over seconds, slices through the torus."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.plotting import View
from ncl_deepxde.plotting.images import as_image, show_field
from ncl_deepxde.plotting.style import WIDTH, model_colors, new_figure, save, style

from .measures import KEY
from .models import SolenoidalPart, in_chunks
from .target import PERIOD, Target

__all__ = ["draw_errors", "draw_slices"]

ErrorRecords = Sequence[Mapping[str, Any]]

N = 96
SEED = 1


def draw_errors(
    path: str | os.PathLike[str],
    runs: Mapping[str, Mapping[str, Sequence[ErrorRecords]]],
    trivial: Mapping[str, float],
) -> None:
    """Draw errors against seconds, one panel per case.

    Args:
        path: Image file to write.
        runs: Case to model to the records of each seed, with ``seconds`` and
            ``errors``.
        trivial: Error of the field itself, by case.
    """
    colors = model_colors({m for models in runs.values() for m in models})
    with style():
        figure = new_figure(height=4.2)
        panels = figure.subplots(1, len(runs), sharey=True, squeeze=False)[0]
        for axes, (case, models) in zip(panels, runs.items(), strict=True):
            for model, seeds in models.items():
                _draw_band(axes, model, seeds, colors[model])
            axes.axhline(
                trivial[case], color="black", linestyle="--", label="field itself"
            )
            axes.set(yscale="log", xlabel="training time (s)", title=f"$n = {case}$")
            axes.grid(True, which="both")
        panels[0].set_ylabel(r"$\|v_\theta - \eta\|^2 \,/\, \|\eta\|^2$")
        panels[-1].legend()
    save(figure, path)


def _draw_band(
    axes: Axes, name: str, seeds: Sequence[ErrorRecords], color: str
) -> None:
    """Draw the geometric mean over seeds, and their range."""
    curves = [
        (
            np.array([r["seconds"] for r in records]),
            np.log([r["errors"][KEY] for r in records]),
        )
        for records in seeds
        if records
    ]
    if not curves:
        return
    first = max(seconds[0] for seconds, _ in curves)
    last = min(seconds[-1] for seconds, _ in curves)
    at = np.linspace(first, last, 300)
    logs = np.stack([np.interp(at, *curve) for curve in curves])
    marker = "o" if first == last else None
    axes.plot(at, np.exp(logs.mean(axis=0)), color=color, marker=marker, label=name)
    if len(curves) > 1:
        low, high = np.exp(logs.min(axis=0)), np.exp(logs.max(axis=0))
        axes.fill_between(at, low, high, color=color, alpha=0.25, linewidth=0)


def draw_slices(
    path: str | os.PathLike[str], target: Target, models: Mapping[str, SolenoidalPart]
) -> None:
    r"""Draw :math:`\eta_1` in the plane of the first two coordinates.

    Args:
        path: Image file to write.
        target: The known field.
        models: What is found, by model.
    """
    save(_slices(target, models), path)


def _slices(target: Target, models: Mapping[str, SolenoidalPart]) -> Figure:
    view = View(-PERIOD / 2, PERIOD / 2)
    x = _plane(target.dim, view)
    eta = in_chunks(target.solenoidal, torch.as_tensor(x, dtype=target.dtype))
    exact = _component(eta.cpu().numpy())
    found = {name: _component(part(x)["eta"]) for name, part in models.items()}
    images = {"exact": exact, **found}
    errors = {name: image - exact for name, image in found.items()}
    columns = len(images)
    with style():
        figure = new_figure(height=1.4 + 2 * (WIDTH - 1.6) / max(columns, 3))
        grid = figure.subplots(2, columns, sharex=True, sharey=True, squeeze=False)
        grid[0, 0].tick_params(labelbottom=True)
        grid[1, 0].remove()
        used: Any = [(grid[0], images, "RdBu_r"), (grid[1, 1:], errors, "PuOr")]
        for row, shown, cmap in used:
            largest = max(float(np.abs(image).max()) for image in shown.values())
            for axes, image in zip(row, shown.values(), strict=True):
                drawn = show_field(axes, image, (-largest, largest), cmap, view)
            label = r"$\eta_1$" if shown is images else "difference"
            figure.colorbar(drawn, ax=list(row), label=label, aspect=12)
        for axes, name in zip(grid[0], images, strict=True):
            axes.set_title(name)
        for axes in (grid[0, 0], *grid[1, 1:]):
            axes.set_xlabel("$x_1$")
        for axes in (grid[0, 0], grid[1, 1]):
            axes.set_ylabel("$x_2$")
        figure.suptitle(f"Slices through the torus, n = {target.dim}")
    return figure


def _plane(dim: int, view: View) -> Array:
    """Return points whose first two coordinates make up a grid, (N * N, dim)."""
    random = np.random.default_rng((SEED, dim))
    rest = random.uniform(view.low, view.high, dim - 2)
    plane = view.grid(N)
    return np.hstack([plane, np.broadcast_to(rest, (len(plane), dim - 2))])


def _component(values: Array) -> Array:
    return as_image(values[:, 0].astype(float), N)
