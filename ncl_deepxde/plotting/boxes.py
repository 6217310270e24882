"""Box plots: how a metric of each model spreads over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..files import PathLike
from .style import model_colors, new_figure, save, style

__all__ = ["Spread", "box_plots", "draw_boxes"]

LEAST_FOR_BOX = 5
"""With fewer values a box would show more than is known: only the points are drawn."""


@dataclass(frozen=True)
class Spread:
    """One panel of box plots.

    Attributes:
        title: Heading of the panel.
        label: Label of the vertical axis.
        values: Model to its values, one per seed. Values that are not finite, or not
            positive on a logarithmic axis, are left out.
        is_logarithmic: Whether the vertical axis is logarithmic.

    Example:
        >>> Spread("Error", "relative error", {"a": [0.0, 0.1]}, True).drawable()
        {'a': [0.1]}
    """

    title: str
    label: str
    values: Mapping[str, Sequence[float]]
    is_logarithmic: bool = False

    def drawable(self) -> dict[str, list[float]]:
        """Return the values that have a place on the axis, by model."""
        least = 0.0 if self.is_logarithmic else -math.inf
        return {
            name: [v for v in values if least < v < math.inf]
            for name, values in self.values.items()
        }


def box_plots(
    path: PathLike,
    spreads: Sequence[Spread],
    *,
    colors: Mapping[str, str] | None = None,
) -> None:
    """Draw one panel per metric, one box per model, every seed as a point.

    Args:
        path: Image file to write.
        spreads: The panels, two in a row.
        colors: Colors of models; others have a spare one each.
    """
    save(draw_boxes(spreads, colors), path)


def draw_boxes(
    spreads: Sequence[Spread], colors: Mapping[str, str] | None = None
) -> Figure:
    """Draw the figure that ``box_plots`` writes."""
    rows, columns = (len(spreads) + 1) // 2, min(2, len(spreads))
    with style():
        figure = new_figure(height=0.4 + 3.4 * rows)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, spread in zip(panels, spreads, strict=False):
            _draw_spread(axes, spread, colors)
        for axes in panels[len(spreads) :]:
            axes.remove()
    return figure


def _draw_spread(axes: Axes, spread: Spread, known: Mapping[str, str] | None) -> None:
    found = spread.drawable()
    colors = model_colors(found, known)
    for place, (name, values) in enumerate(found.items()):
        shade = colors[name]
        if len(values) >= LEAST_FOR_BOX:
            axes.boxplot(
                values,
                positions=[place],
                widths=0.5,
                showfliers=False,
                patch_artist=True,
                boxprops={"facecolor": shade, "alpha": 0.35, "edgecolor": shade},
                medianprops={"color": shade, "linewidth": 2},
                whiskerprops={"color": shade},
                capprops={"color": shade},
            )
        places = [place + 0.3 * _spot(i, len(values)) for i in range(len(values))]
        axes.plot(places, values, "o", ms=5, color=shade, alpha=0.8)
    if spread.is_logarithmic:
        axes.set_yscale("log")
    axes.set_xticks(range(len(found)), list(found), rotation=20, ha="right")
    axes.set_xlim(-0.6, len(found) - 0.4)
    axes.grid(axis="y")
    axes.set(title=spread.title, ylabel=spread.label)


def _spot(index: int, number: int) -> float:
    """Return how far a point is moved beside the others, between -1/2 and 1/2."""
    return 0.0 if number < 2 else index / (number - 1) - 0.5
