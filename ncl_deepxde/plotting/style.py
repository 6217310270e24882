"""How all figures look: fonts, colors, and how they reach the disk."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from ..files import PathLike, replacing

__all__ = ["WIDTH", "model_colors", "new_figure", "save", "style"]

WIDTH = 9.0
"""Width of every figure in inches; 900 pixels on a screen show fonts at 1.4 px/pt."""

DPI = 200

RC: Any = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "figure.titlesize": 14,
    "legend.fontsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "grid.alpha": 0.3,
    "savefig.facecolor": "white",
}

# Okabe and Ito's colors, told apart by color-blind readers too, and darker ones.
PALETTE = {
    "vermilion": "#D55E00",
    "blue": "#0072B2",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky blue": "#56B4E9",
    "brown": "#8C510A",
    "violet": "#5E4FA2",
    "olive": "#66A61E",
}
SPARE_COLORS = ("#A6761D", "#E7298A", "#7F7F7F", "#B2182B", "#01665E", "#1F3B73")


def style() -> AbstractContextManager[None]:
    """Apply the settings within a ``with`` block; the user's settings come back."""
    return mpl.rc_context(RC)


def model_colors(
    names: Iterable[str], known: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Give each model its color.

    Args:
        names: Names of the models.
        known: Colors that a problem has chosen; other models have a spare one each, by
            their sorted names.
    """
    names, known = list(names), known or {}
    others = sorted(set(names) - known.keys())
    spare = {name: SPARE_COLORS[i % len(SPARE_COLORS)] for i, name in enumerate(others)}
    return {name: known.get(name) or spare[name] for name in names}


def new_figure(height: float) -> Figure:
    """Make an empty figure that pyplot does not know, so nothing is left open.

    Args:
        height: Height in inches; the width is ``WIDTH``.
    """
    return Figure(figsize=(WIDTH, height), layout="constrained")


def save(figure: Figure, path: PathLike) -> None:
    """Write a figure as an image; the file appears complete or not at all.

    Args:
        figure: The figure.
        path: Image file to write; its suffix tells the format.
    """
    with style(), replacing(path) as temporary, warnings.catch_warnings():
        # That a legend took a second to place, as any does on a busy machine.
        warnings.filterwarnings("ignore", 'Creating legend with loc="best"')
        figure.savefig(temporary, dpi=DPI)
