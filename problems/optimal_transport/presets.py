"""Sizes, weights and budgets of dynamical optimal transport.

A case is a pair of densities by name; a model's name as a key holds what differs for
that model. Words are those of ``settings``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from ncl_deepxde.runs import Preset, Presets, merge

from .densities import PAIRS, pair
from .settings import (
    ICNNSettings,
    LFlowSettings,
    SubharmonicSettings,
    TransportSettings,
)

__all__ = ["PRESETS", "only_case"]

SCHEMAS: Mapping[str, type[TransportSettings]] = {
    "lflow": LFlowSettings,
    "ncl-subharmonic": SubharmonicSettings,
    "icnn": ICNNSettings,
}

# Weights of the ends from stage to stage, and learning rates between them.
LFLOW = (8.0, 30.0, 100.0), (5e-3, 3e-3, 1.5e-3, 1e-5)
SUBHARMONIC = (20.0, 200.0), (3e-3, 1e-3, 1e-5)


def _rising(
    steps: Sequence[int], weights: Sequence[float], rates: Sequence[float]
) -> list[dict[str, Any]]:
    """List stages that first find a short way, then meet the ends.

    Large weights of the ends from the beginning lead to detours. With the weight w the
    cost is too small by the fraction 8 / (w I) where the ends differ by a shift, with
    their Fisher information I: one percent for w = 100 and the densities of the papers.

    Args:
        steps: Number of steps of each stage.
        weights: Weight of the ends in each stage.
        rates: Learning rates at the first step of each stage, and at the last of all.
    """
    return [
        {"steps": n, "terminal_weight": w, "lr": lr, "least_lr": least}
        for n, w, (lr, least) in zip(steps, weights, pairwise(rates), strict=True)
    ]


COMMON: dict[str, Any] = {
    "float": "float32",
    # Wider than that of the papers: what a flow does beyond the box is hardly seen.
    "box": 2.5,
    "times": 32,
    "reference": {"n": [1000, 3000, 10_000], "repeats": 5},
    "evaluation": {
        "cost": {"n": 5000, "repeats": 50},
        "arrival_points": 2000,
        "terminal_points": 20_000,
        "continuity_points": 4000,
        "mass_grid": 400,
        "frames": 25,
    },
    "lflow": {
        "blocks": 10,
        "depth": 3,
        "width": 16,
        "frequency": 15.0,
        "affine": True,
        "time_embedding": [64, 64],
        "batch": 512,
        "terminal": "divergence",
        "clip": 10.0,
        "stages": _rising([2000, 2000, 4000], *LFLOW),
    },
    "ncl-subharmonic": {
        "components": 128,
        "hidden": [96] * 4,
        "solenoidal": [64] * 3,
        "activation": "silu",
        "construction": "transport",
        "spread": 1.0,
        "gaussian_width": 0.3,
        "batch": 512,
        "terminal": "divergence",
        "clip": 10.0,
        "stages": _rising([5000, 5000], *SUBHARMONIC),
    },
    "icnn": {
        "widths": [64] * 4,
        "has_parabola": False,
        "batch": 512,
        "penalty": 1.0,
        "inner": 5,
        "betas": [0.5, 0.9],
        "lr": 1e-3,
        "least_lr": 1e-4,
        "steps": 20_000,
    },
}

LINE = {"box": 6.0, "evaluation": {"mass_grid": 2000}}

BEST: dict[str, Any] = {**COMMON, "cases": {name: {} for name in PAIRS}}

PAPER: dict[str, Any] = merge(
    BEST,
    {
        "seeds": 3,
        "box": 2.0,
        "times": None,
        "lflow": {
            "depth": 5,
            "affine": False,
            "time_embedding": [128, 10],
            # 2048 points of both ends and the box.
            "batch": 683,
            "terminal": "squared",
            "terminal_weight": 700.0,
            "clip": 1e9,
            "lr": 2e-3,
            "least_lr": 2e-3,
            "stages": [{"steps": 5000}],
        },
        "ncl-subharmonic": {
            "solenoidal": [96] * 4,
            "construction": "subharmonic",
            "batch": 256,
            "terminal": "absolute",
            "terminal_weight": 50.0,
            "clip": 1.0,
            "lr": 1e-3,
            "least_lr": 1e-3,
            "stages": [{"steps": 10_000}],
        },
        "icnn": {
            "batch": 1024,
            "inner": 10,
            "lr": 1e-4,
            "least_lr": 1e-4,
            "steps": 100_000,
        },
    },
)

QUICK: dict[str, Any] = merge(
    COMMON,
    {
        "cases": {"circles-pinwheel": {}},
        "reference": {"n": [500, 1000, 2000, 5000], "repeats": 10},
        "evaluation": {"cost": {"repeats": 10}},
        "lflow": {"batch": 256, "stages": _rising([500, 500, 600], *LFLOW)},
        "ncl-subharmonic": {
            "batch": 256,
            "stages": _rising([1000, 1000], *SUBHARMONIC),
        },
        "icnn": {"batch": 256, "inner": 2, "steps": 3000},
    },
)

SMOKE: dict[str, Any] = merge(
    {**QUICK, "cases": {"8gaussians-circles": {}, "gaussian1d-modes1d": LINE}},
    {
        "reference": {"n": [50, 100], "repeats": 2},
        "evaluation": {
            "cost": {"n": 100, "repeats": 5},
            "arrival_points": 100,
            "terminal_points": 1000,
            "continuity_points": 200,
            "mass_grid": 100,
            "frames": 3,
        },
        "lflow": {"blocks": 2, "batch": 32, "stages": _rising([3, 3, 4], *LFLOW)},
        "ncl-subharmonic": {
            "components": 8,
            "batch": 32,
            "stages": _rising([5, 5], *SUBHARMONIC),
        },
        "icnn": {"widths": [16], "batch": 32, "steps": 5},
    },
)


def _choose_pair(preset: Preset, case: str) -> Preset:
    return _with_case(preset, case, pair(case)[0].dim)


def only_case(case: str, dim: int) -> dict[str, Preset]:
    """Give all presets one pair of densities as their only case.

    Args:
        case: Name of the pair.
        dim: Number of space dimensions, 1 or 2.
    """
    return {name: _with_case(preset, case, dim) for name, preset in PRESETS.items()}


def _with_case(preset: Preset, case: str, dim: int) -> Preset:
    changes = {**(LINE if dim == 1 else {}), "box": None}
    return replace(preset, content={**preset.content, "cases": {case: changes}})


def _preset(summary: str, content: dict[str, Any]) -> Preset:
    return Preset(summary, tuple(SCHEMAS), content, SCHEMAS, TransportSettings)


PRESETS = Presets(
    _choose_pair,
    {
        "quick": _preset(
            "circles to pinwheel, quick@moons-circles another pair; 8 minutes on two "
            "cores",
            QUICK,
        ),
        "best": _preset("four pairs; hours on two cores", BEST),
        "paper": _preset("four pairs, settings of both papers; a GPU", PAPER),
        "smoke": _preset("seconds, to see that everything runs", SMOKE),
    },
)
