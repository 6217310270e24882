"""Colors of the models and of the reference, the same in all figures."""

from __future__ import annotations

from collections.abc import Iterable

from ncl_deepxde.plotting.style import PALETTE, model_colors

__all__ = ["COLORS", "DISCRETE", "colors_with_reference"]

COLORS = {"lflow": PALETTE["sky blue"], "ncl-subharmonic": PALETTE["brown"]}
"""Colors of models; others have a spare one each."""

DISCRETE = "discrete OT"
"""Name of the reference among models."""


def colors_with_reference(names: Iterable[str]) -> dict[str, str]:
    """Choose colors by name, one of which is left for the reference."""
    return model_colors({*names, DISCRETE}, COLORS)
