"""What Gauss-Newton did, step by step: losses, damping, size and norm of the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..arrays import Array
from ..files import PathLike
from ..optimizers.gauss_newton.history import StepRecord
from .style import PALETTE, new_figure, save, style

__all__ = ["draw_optimizer_history", "optimizer_history"]

LAYOUT: list[Any] = [["loss", "loss"], ["damping", "norm"], ["search", "system"]]

LOSSES: dict[str, tuple[str, dict[str, Any]]] = {
    "loss": (
        "before the step, at its points",
        {"color": PALETTE["sky blue"], "linewidth": 1.5},
    ),
    "left": (
        "after the step, at its points",
        {"color": PALETTE["blue"], "linewidth": 3.0},
    ),
    "held_out": (
        "after the step, held out",
        {"color": PALETTE["orange"], "linewidth": 1.5},
    ),
    "best": (
        "best so far, held out",
        {"color": "black", "linewidth": 1.0, "linestyle": "--"},
    ),
}
"""Labels and lines, from wide to narrow: they often lie upon each other."""

DOTS: Any = {"marker": ".", "markersize": 3.0}
"""A step between two gaps, or the only one, would not be seen as a line."""

HEADROOM = 10.0
"""Losses are shown up to this multiple of the largest one at the points of a step: a
lost iterate may have any, and would flatten all others."""


def optimizer_history(history: Sequence[StepRecord], path: PathLike) -> None:
    """Draw what an optimizer did, over its steps.

    Panels: the loss at the points of the step, before and after it, and at the held-out
    points; the damping; the norm of the step; its size, the ratio of actual to
    predicted decrease and the number of corrections; the numbers of residuals and
    parameters, and the rank where it is known (``report=True``). Iterates that were
    lost and left are marked. ``docs/architecture.md`` says how to read it.

    Args:
        history: ``GaussNewton.history``.
        path: Image file to write; its suffix tells the format.

    Raises:
        ValueError: The history is empty.

    Example:
        >>> optimizer_history(model.opt.history, "history.png")  # doctest: +SKIP
    """
    save(draw_optimizer_history(history), path)


def draw_optimizer_history(history: Sequence[StepRecord]) -> Figure:
    """Draw the figure that ``optimizer_history`` writes."""
    if not history:
        raise ValueError(
            "history: must hold at least one step, got none. Train first; a new "
            "process and a new optimizer begin a new history."
        )
    with style():
        figure = new_figure(height=9.0)
        panels = figure.subplot_mosaic(LAYOUT)
        _draw_losses(panels["loss"], history)
        _draw_positive(panels["damping"], history, "damping", r"damping $\lambda$")
        _draw_positive(panels["norm"], history, "norm", "norm of the step")
        _draw_search(panels["search"], history)
        _draw_system(panels["system"], history)
        for axes in panels.values():
            _mark_lost(axes, history)
            axes.grid(True)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for name in ("loss", "search", "system"):
            _legend_above(panels[name])
        for name in ("loss", *LAYOUT[-1]):
            panels[name].set_xlabel("step")
        figure.suptitle("Gauss-Newton, step by step")
    return figure


def _draw_losses(axes: Axes, history: Sequence[StepRecord]) -> None:
    for name, (label, look) in LOSSES.items():
        axes.plot(*_positive(history, name), label=label, **DOTS, **look)
    axes.set(yscale="log", ylabel="loss")
    bottom, top = axes.get_ylim()
    known = [v for name in ("loss", "left") for v in _positive(history, name)[1]]
    largest = max((v for v in known if v > 0), default=top)
    axes.set_ylim(bottom, min(top, HEADROOM * largest))


def _draw_positive(
    axes: Axes, history: Sequence[StepRecord], name: str, label: str
) -> None:
    axes.plot(*_positive(history, name), color=PALETTE["blue"], **DOTS)
    axes.set(yscale="log", title=label)


def _draw_search(axes: Axes, history: Sequence[StepRecord]) -> None:
    steps = [r.step for r in history]
    corrections = [r.corrections for r in history]
    ratios, sizes = [r.ratio for r in history], [r.size for r in history]
    axes.bar(steps, corrections, width=0.9, color="0.85", label="corrections")
    axes.plot(steps, ratios, color=PALETTE["orange"], label="ratio", **DOTS)
    axes.plot(steps, sizes, ".", color=PALETTE["blue"], label="size")
    # Where next to nothing is predicted, the ratio may be any number.
    axes.set_ylim(-0.1, max(1.0, *corrections) + 0.2)


def _draw_system(axes: Axes, history: Sequence[StepRecord]) -> None:
    steps = [r.step for r in history]
    rows, unknowns = zip(*(r.shape for r in history), strict=True)
    axes.plot(steps, rows, color=PALETTE["blue"], label="residuals", **DOTS)
    axes.plot(steps, unknowns, color=PALETTE["brown"], label="parameters", **DOTS)
    ranks = [(r.step, r.rank) for r in history if r.rank is not None]
    if ranks:
        line = tuple(zip(*ranks, strict=True))
        axes.plot(*line, color=PALETTE["green"], label="rank", **DOTS)
    axes.set(yscale="log")


def _mark_lost(axes: Axes, history: Sequence[StepRecord]) -> None:
    """Draw a line through each step whose iterate was left."""
    for number, step in enumerate(r.step for r in history if not r.is_kept):
        label = "lost and left" if number == 0 and axes.get_ylabel() else ""
        axes.axvline(step, color=PALETTE["vermilion"], linestyle=":", label=label)


def _legend_above(axes: Axes) -> None:
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=3,
        frameon=False,
        columnspacing=1.2,
        handlelength=1.5,
    )


def _positive(history: Sequence[StepRecord], name: str) -> tuple[list[int], Array]:
    """Return steps and values; those a log axis cannot show become gaps."""
    values = [float(getattr(record, name)) for record in history]
    shown = [v if 0 < v < math.inf else math.nan for v in values]
    return [record.step for record in history], np.array(shown)
