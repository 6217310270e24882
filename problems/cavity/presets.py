"""Sizes and budgets of the cavity."""

from __future__ import annotations

from typing import Any

from ncl_deepxde.runs import Preset, merge

from .models import MODELS
from .settings import CavitySettings

__all__ = ["PRESETS"]

QUICK: dict[str, Any] = {
    "float": "float64",
    "hidden": [20] * 3,
    "points": 1000,
    "steps": 60,
    "evaluation": 64,
    "reference": {"h": 0.01},
}

BEST = merge(QUICK, {"hidden": [30] * 3, "steps": 150, "reference": {"h": 0.005}})

SMOKE = merge(
    QUICK,
    {"hidden": [6], "points": 40, "steps": 3, "evaluation": 9, "reference": {"h": 0.2}},
)


def _preset(summary: str, content: dict[str, Any]) -> Preset:
    return Preset.shared(summary, MODELS, content, CavitySettings)


PRESETS = {
    "quick": _preset("networks of 1000 parameters; minutes", QUICK),
    "best": _preset("networks of 2000 parameters; half an hour", BEST),
    "smoke": _preset("seconds, to see that everything runs", SMOKE),
}
