"""Figure of how the terms of optimal transport fall with the time of training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.plotting.style import new_figure, save, style

from .colors import colors_with_reference

__all__ = ["draw_convergence"]

TransportRecords: TypeAlias = Sequence[Mapping[str, Any]]
TermCurve: TypeAlias = tuple[Array, Array]

# Each point of a curve is the mean of so many records, at most a tenth of all.
WINDOW = 15


def draw_convergence(
    path: Path,
    runs: Mapping[str, Mapping[str, Sequence[TransportRecords]]],
    true_costs: Mapping[str, float],
) -> None:
    """Draw estimates and terminal terms against seconds, one row per case.

    Args:
        path: Image file to write.
        runs: Case to model to the records of each seed, with ``seconds`` and ``terms``.
        true_costs: Case to the cost of the reference.
    """
    colors = colors_with_reference(m for case in runs.values() for m in case)
    with style():
        figure = new_figure(height=0.6 + 3.2 * len(runs))
        grid = figure.subplots(len(runs), 2, squeeze=False)
        for (left, right), (case, models) in zip(grid, runs.items(), strict=True):
            for model, seeds in models.items():
                _draw_term(left, model, _curves(seeds, _estimate), colors[model])
                _draw_term(right, model, _curves(seeds, _terminal), colors[model])
            cost = true_costs[case]
            left.axhline(cost, color="black", linestyle="--", label="reference")
            left.set(ylim=(0, 2.5 * cost), ylabel="estimate of $W_2^2$", title=case)
            right.set(yscale="log", ylabel="weighted terms of both ends", title=case)
            for axes in (left, right):
                axes.set_xlabel("training time (s)")
                axes.grid(True)
            left.legend()
    save(figure, path)


def _draw_term(axes: Axes, name: str, curves: Sequence[TermCurve], color: str) -> None:
    """Draw the mean and the standard deviation over seeds."""
    if not curves:
        return
    last = min(seconds[-1] for seconds, _ in curves)
    first = max(seconds[0] for seconds, _ in curves)
    at = np.linspace(first, last, 200)
    values = np.stack([np.interp(at, *curve) for curve in curves])
    mean, spread = values.mean(axis=0), values.std(axis=0)
    axes.plot(at, mean, color=color, label=name)
    if len(curves) > 1:
        axes.fill_between(
            at, mean - spread, mean + spread, color=color, alpha=0.25, linewidth=0
        )


def _curves(
    seeds: Sequence[TransportRecords], term: Callable[[Mapping[str, Any]], float | None]
) -> list[TermCurve]:
    """Return seconds and running means of a term for every seed that has it."""
    found = []
    for records in seeds:
        known = [r for r in records if term(r) is not None]
        if known:
            seconds = np.array([r["seconds"] for r in known])
            values = np.array([term(r) for r in known], dtype=float)
            found.append((_running_mean(seconds), _running_mean(values)))
    return found


def _running_mean(values: Array) -> Array:
    window = max(1, min(WINDOW, len(values) // 10))
    return np.convolve(values, np.full(window, 1 / window), mode="valid")


def _estimate(record: Mapping[str, Any]) -> float | None:
    """Return the kinetic energy of a flow, or the cost of a map."""
    terms = record["terms"]
    value: float | None = terms.get("energy", terms.get("cost"))
    return value


def _terminal(record: Mapping[str, Any]) -> float | None:
    """Return the weighted terms of both ends of a flow."""
    terms = record["terms"]
    if "start" not in terms:
        return None
    total: float = terms["start"] + terms["end"]
    return total
