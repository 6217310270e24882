"""How the cost of discrete transport falls with the number of samples."""

from __future__ import annotations

import os
from collections.abc import Mapping

from matplotlib.axes import Axes

from ncl_deepxde.plotting.style import new_figure, save, style

from ..reference import Reference

__all__ = ["draw_trends"]


def draw_trends(
    path: str | os.PathLike[str], references: Mapping[str, Reference]
) -> None:
    """Draw costs between samples against their number, one panel per case.

    Args:
        path: Image file to write.
        references: By case.
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


def _draw_trend(axes: Axes, reference: Reference) -> None:
    """Draw means with their standard deviations, and what they tend to."""
    trend = reference.trend
    kinds = {
        "": ("as it is", "tab:blue"),
        "controlled_": ("luck of the draw subtracted", "tab:orange"),
    }
    for kind, (label, color) in kinds.items():
        mean, std = trend[f"{kind}mean"], trend[f"{kind}std"]
        axes.errorbar(
            trend["n"], mean, std, fmt="o-", capsize=3, label=label, color=color
        )
    label = "limit" if reference.exact is None else "exact"
    axes.axhline(reference.limit, color="black", linestyle="--", label=label)
    axes.set_xscale("log")
    axes.set_xticks(trend["n"], [f"{n:,}" for n in trend["n"]])
    axes.minorticks_off()
