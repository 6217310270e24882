"""Figure of the cost of discrete transport against the number of samples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.plotting.style import new_figure, save, style

from .reference import TransportReference

__all__ = ["draw_trends"]


def draw_trends(path: Path, references: Mapping[str, TransportReference]) -> None:
    """Draw costs between samples against their number, one panel per case.

    Args:
        path: Image file to write.
        references: Case to reference.
    """
    rows, columns = (len(references) + 1) // 2, min(2, len(references))
    with style():
        figure = new_figure(height=0.8 + 3.4 * rows)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, (case, reference) in zip(panels, references.items(), strict=False):
            _draw_trend(axes, reference)
            axes.set(title=case, xlabel="samples $n$", ylabel="estimate of $W_2^2$")
            axes.grid(True)
        lines = panels[0].get_legend_handles_labels()
        figure.legend(*lines, loc="outside lower center", ncols=3)
        for axes in panels[len(references) :]:
            axes.remove()
    save(figure, path)


def _draw_trend(axes: Axes, reference: TransportReference) -> None:
    trend = reference.trend

    def draw(costs: Array, label: str, color: str) -> None:
        """Draw the means and standard deviations of estimates, (S, R)."""
        mean, std = costs.mean(axis=1), costs.std(axis=1, ddof=int(trend.repeats > 1))
        axes.errorbar(trend.n, mean, std, fmt="o-", capsize=3, label=label, color=color)

    draw(trend.costs, "as it is", "tab:blue")
    draw(trend.controlled, "luck of the draw subtracted", "tab:orange")
    label = "limit" if reference.exact is None else "exact"
    axes.axhline(reference.limit, color="black", linestyle="--", label=label)
    axes.set_xscale("log")
    axes.set_xticks(trend.n, [f"{n:,}" for n in trend.n])
    axes.minorticks_off()
