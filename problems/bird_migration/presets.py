"""Sizes, weights and budgets of the bird migration.

A model's name as a key holds what differs for that model; ``settings`` says what the
keys mean. Preset ``paper`` has the batches, weights, rates and steps of the released
code; its weights of the velocity are those of residuals in 1000 km per day:
3 * 1.44 / 1.44**2 for ``lflow``, whose residual was in km per minute. The steps are
epochs of 20 radars for three nights, some 20 of 16384 rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ncl_deepxde.runs import Preset, Presets, merge

from .settings import SCHEMAS, BirdSettings

__all__ = ["PRESETS"]

EPOCH = 20
"""Steps of 16384 rows."""


def _adam(lr: float, steps: int, least_lr: float = 1e-7, **more: Any) -> dict[str, Any]:
    return {"lr": lr, "steps": steps, "least_lr": least_lr, **more}


PAPER: dict[str, Any] = {
    "float": "float32",
    "seeds": 15,
    "data": {
        "nights": 3,
        "clock": "utc",
        "moving": 1.0,
        "start": None,
        "end": None,
    },
    "reference": {"n": 25, "dt": 0.25},
    "evaluation": {
        "consistency_grid": 50,
        "consistency_times": 10,
        "continuity_points": 4000,
        "memory_batches": [256, 512, 1024, 2048, 4096],
        # Within that of lflow, which is defined nowhere else.
        "box": {"plane": 9.9, "altitude": 1.98},
    },
    "figures": {"n": 64, "frames": 25, "tolerance": 1e-3},
    "lflow": {
        "num_observations": 16384,
        "blocks": 10,
        "depth": 5,
        "width": 16,
        "frequency": 10.0,
        "affine": False,
        "box": {"plane": 10.0, "altitude": 2.0},
        "time_embedding": [128, 128],
        "time_scale": 1.0,
        "velocity": 3 / 1.44,
        "mass": 1e-3,
        "adam": _adam(1e-2, 50 * EPOCH, clip=1.0, weight_decay=2e-3),
    },
    "ncl-subharmonic": {
        "num_observations": 2048,
        "components": 64,
        "hidden": [128, 128],
        "solenoidal": [256] * 4,
        "activation": "tanh",
        "construction": "transport",
        "width": 0.5,
        "duration": 1.0,
        "floor": 1e-3,
        "velocity": 1.5,
        "mass": 1e-3,
        "adam": _adam(1e-3, 100 * 8 * EPOCH),
    },
    "slda": {
        "num_observations": 16384,
        "grid": 20,
        "box": {"plane": 3.0, "altitude": 3.0},
        "width": 512,
        "depth": 5,
        "activation": "silu",
        "tolerance": 1e-5,
        "noise": 1e-2,
        "velocity": 2.5,
        "mass": 1e-3,
        "adam": _adam(1e-3, 300 * EPOCH, grid_lr=1e-2, weight_decay=5e-3),
    },
    "pinn": {
        "num_observations": 16384,
        "width": 256,
        "depth": 10,
        "frequency": 12.0,
        "num_domain": 100_000,
        "velocity": 1.0,
        "continuity": 7e-4,
        "adam": _adam(1e-3, 300 * EPOCH, weight_decay=2e-3),
    },
    "mlp": {
        "num_observations": 16384,
        "width": 256,
        "blocks": 10,
        "velocity": 10.0,
        "adam": _adam(1e-3, 100 * EPOCH, weight_decay=1e-3),
    },
}

QUICK: dict[str, Any] = merge(
    PAPER,
    {
        "seeds": 1,
        "evaluation": {
            "consistency_grid": 8,
            "consistency_times": 3,
            "continuity_points": 1000,
            "memory_batches": [256, 512, 1024],
        },
        "figures": {"n": 32, "frames": 13},
        "lflow": {
            "num_observations": 1024,
            # Fewer and slower sines than the paper: some ten radars say no more.
            "blocks": 5,
            "depth": 3,
            "frequency": 1.0,
            "time_scale": 0.5,
            "adam": {"steps": 1500, "lr": 5e-3},
        },
        "ncl-subharmonic": {
            "num_observations": 1024,
            "components": 32,
            "hidden": [64, 64],
            "solenoidal": [64] * 3,
            "adam": {"steps": 600, "lr": 5e-3},
        },
        "slda": {
            "num_observations": 512,
            "grid": 16,
            "width": 128,
            "depth": 2,
            "tolerance": 1e-3,
            "adam": {"steps": 300, "lr": 5e-3, "grid_lr": 5e-2},
        },
        "pinn": {
            "num_observations": 1024,
            "width": 128,
            "depth": 4,
            "num_domain": 1024,
            "adam": {"steps": 600},
        },
        "mlp": {"num_observations": 1024, "adam": {"steps": 600}},
    },
)

SHORT = {
    # No fewer seconds for mlp, whose step takes two and a half to four times as long.
    "lflow": {"num_observations": 512, "adam": {"steps": 750}},
    "mlp": {"num_observations": 512, "adam": {"steps": 300}},
}
SEEDS: dict[str, Any] = merge(
    QUICK,
    SHORT,
    {
        "seeds": 5,
        "evaluation": {"consistency_grid": 4, "memory_batches": [512]},
        "figures": {"n": 24, "frames": 5, "tolerance": 1e-2},
    },
)

SWEEP: dict[str, Any] = merge(
    QUICK,
    SHORT,
    {
        "cases": {
            f"mass-{weight:g}": {"lflow": {"mass": weight}}
            for weight in (0.0, 1e-3, 1e-2, 1e-1, 1.0)
        },
    },
)

LONGER = {
    "lflow": {"num_observations": 4096, "adam": {"steps": 4000}},
    "ncl-subharmonic": {"num_observations": 2048, "adam": {"steps": 4000}},
    "slda": {"num_observations": 2048, "adam": {"steps": 1500}},
    "pinn": {"num_observations": 4096, "num_domain": 4096, "adam": {"steps": 4000}},
    "mlp": {"num_observations": 4096, "adam": {"steps": 2000}},
}
BEST: dict[str, Any] = merge(QUICK, LONGER, {"seeds": 5, "figures": PAPER["figures"]})

SMOKE: dict[str, Any] = merge(
    QUICK,
    {
        "reference": {"n": 10, "dt": 1.0},
        "evaluation": {
            "consistency_grid": 4,
            "consistency_times": 2,
            "continuity_points": 50,
            "memory_batches": [16, 32],
        },
        "figures": {"n": 8, "frames": 3, "tolerance": 0.1},
        "lflow": {
            "num_observations": 128,
            "blocks": 2,
            "width": 8,
            "time_embedding": [16],
            "adam": {"steps": 40},
        },
        "ncl-subharmonic": {
            "num_observations": 128,
            "components": 4,
            "hidden": [8],
            "solenoidal": [8],
            "adam": {"steps": 40},
        },
        "slda": {
            "num_observations": 64,
            "grid": 6,
            "width": 16,
            "adam": {"steps": 20},
        },
        "pinn": {
            "num_observations": 128,
            "width": 16,
            "depth": 2,
            "num_domain": 64,
            "adam": {"steps": 40},
        },
        "mlp": {
            "num_observations": 128,
            "width": 16,
            "blocks": 2,
            "adam": {"steps": 40},
        },
    },
)


def _between(preset: Preset, choice: str) -> Preset:
    """Choose the times from START to END, written START..END."""
    start, _, end = choice.partition("..")
    try:
        ordered = datetime.fromisoformat(start) < datetime.fromisoformat(end)
    except (TypeError, ValueError):
        ordered = False
    if not ordered:
        raise ValueError(
            "--preset: after the @ must be START..END, two times in UTC in their order "
            f"such as 2018-04-05T12:00..2018-04-08T12:00, got {choice!r}."
        )
    times = {"data": {"start": start, "end": end}}
    return replace(preset, content=merge(preset.content, times))


def _preset(
    summary: str, content: dict[str, Any], models: Sequence[str] = tuple(SCHEMAS)
) -> Preset:
    return Preset(summary, tuple(models), content, SCHEMAS, BirdSettings)


PRESETS = Presets(
    _between,
    {
        "quick": _preset(
            "three nights, one seed; quick@START..END between two times; 15 minutes",
            QUICK,
        ),
        "seeds": _preset(
            "quick with five seeds, short training; half an hour",
            SEEDS,
            ("lflow", "mlp"),
        ),
        "mass-sweep": _preset(
            "weights of the mass penalty, where the flux depends on them; 10 minutes",
            SWEEP,
            ("lflow",),
        ),
        "best": _preset("longer training, five seeds; hours", BEST),
        "paper": _preset("fifteen seeds, sizes of the paper; a GPU", PAPER),
        "smoke": _preset("a minute, to see that everything runs", SMOKE),
    },
)
