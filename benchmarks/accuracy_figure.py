"""The figure of ``accuracy_per_second.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from ncl_deepxde.evaluation.metrics import time_key
from ncl_deepxde.plotting.style import model_colors, new_figure, style
from ncl_deepxde.runs import Problem

TITLES = {
    "adam": "Adam",
    "l-bfgs": "L-BFGS",
    "nncg": "NNCG",
    "gauss-newton": "Gauss-Newton",
}


def draw(
    runs: Sequence[Mapping[str, Any]], problem: Problem[Any], times: Sequence[float]
) -> Figure:
    """Draw errors against seconds: a column per optimizer, a row per time.

    Args:
        runs: One for each pair that was trained.
        problem: The problem, which knows the models in their order and their colors.
        times: Times of the solution, for which there are errors.
    """
    optimizers = [o for o in TITLES if any(r["optimizer"] == o for r in runs)]
    models = [m for m in problem.models if any(r["model"] == m for r in runs)]
    colors = model_colors(models, problem.colors)
    with style():
        figure = new_figure(height=8.0)
        panels = figure.subplots(
            len(times), len(optimizers), sharex=True, sharey=True, squeeze=False
        )
        for run in runs:
            for row, t in zip(panels, times, strict=True):
                row[optimizers.index(run["optimizer"])].loglog(
                    [h["seconds"] for h in run["history"]],
                    [h["rho"][time_key(t)] for h in run["history"]],
                    "o-",
                    ms=3,
                    color=colors[run["model"]],
                    label=run["model"],
                )
        label(figure, panels, optimizers, times)
        handles = {line.get_label(): line for a in panels.flat for line in a.lines}
        shown = [handles[m] for m in models]
        figure.legend(shown, models, loc="outside upper center", ncols=len(models))
    return figure


def label(
    figure: Figure,
    panels: np.ndarray,
    optimizers: Sequence[str],
    times: Sequence[float],
) -> None:
    """Write what stands on the axes of a grid of panels."""
    panels[0, 0].xaxis.set_major_formatter("{x:g}")
    panels[0, 0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panels[0, 0].yaxis.set_major_formatter("{x:g}")
    panels[0, 0].yaxis.set_minor_formatter(NullFormatter())
    for axes in panels.flat:
        axes.grid(True)
    for axes, optimizer in zip(panels[0], optimizers, strict=True):
        axes.set_title(TITLES[optimizer])
    for axes, t in zip(panels[:, 0], times, strict=True):
        axes.set_ylabel(f"$t = {t:.3g}$")
    figure.supxlabel("training time (s)")
    figure.supylabel("error of the density / standard deviation")
