"""Sizes, weights and budgets of the simulated fluid flow.

A model's name as a key holds what differs for that model, ``cases`` what differs in two
and three dimensions; ``settings`` says what the keys mean. Preset ``paper`` has the
batches, weights, rates and steps of the released code.
"""

from __future__ import annotations

from typing import Any

from ncl_deepxde.runs import Preset, merge

from .settings import SCHEMAS, FluidSettings

__all__ = ["PRESETS"]


def _adam(lr: float, steps: int, least_lr: float = 1e-7, **more: Any) -> dict[str, Any]:
    return {"lr": lr, "steps": steps, "least_lr": least_lr, **more}


COMMON: dict[str, Any] = {
    "float": "float32",
    "reference": {"n": 64, "dt": 0.1},
    "evaluation": {
        "points": 10_000,
        "times": 61,
        "consistency_points": 2500,
        "consistency_candidates": 200_000,
        "grid": 96,
    },
    "figures": {"n": 96, "frames": 37, "steps": 240},
    "lflow": {
        "num_observations": 16384,
        "blocks": 10,
        "depth": 3,
        "width": 16,
        "time_embedding": [128, 128],
    },
    "ncl-subharmonic": {
        "num_observations": 2048,
        "components": 16,
        "hidden": [64, 64],
        "activation": "tanh",
        "construction": "subharmonic",
        "spread": 1.5,
        "width": 0.5,
        # Below it the quotient of momentum and density is noise.
        "floor": 1e-3,
        "num_boundary": 2048,
    },
    "pinn": {
        "num_observations": 16384,
        "frequency": 12.0,
        "depth": 5,
        "num_domain": 65536,
        "num_boundary": 4096,
        "boundary": 0.01,
    },
    "slda": {
        "num_observations": 4096,
        "half_side": 6.0,
        "grid": 50,
        "depth": 2,
        "activation": "tanh",
        "tolerance": 1e-5,
        "num_boundary": 1024,
        "density": 100.0,
        "velocity": 0.05,
        "boundary": 0.01,
    },
}

PLANE: dict[str, Any] = {
    "dim": 2,
    "evaluation": {"least_density": 0.1},
    "lflow": {
        "velocity": 5.951e-5,
        "mass": 1.4157e-6,
        "adam": _adam(1e-3, 2000, clip=0.05),
    },
    "ncl-subharmonic": {
        "solenoidal": [64] * 6,
        "velocity": 2.454e-6,
        "boundary": 3.578e-5,
        "mass": 7.899e-6,
        "adam": _adam(8.769e-3, 2000),
    },
    "pinn": {
        "width": 128,
        "velocity": 1.1554e-2,
        "continuity": 1.0335e-3,
        # The released schedule is made for twice as many steps.
        "adam": _adam(9.856e-3, 1000, cosine=2000),
    },
    "slda": {
        "width": 128,
        "noise": 1e-4,
        "mass": 20.0,
        "pretraining": {"steps": 5, "iterations": 20, "num_observations": 16384},
        "adam": _adam(2.398e-3, 3000, 1e-5, grid_lr=5e-2),
    },
}
SPACE: dict[str, Any] = {
    "dim": 3,
    "evaluation": {"least_density": 0.01, "grid": 48},
    "lflow": {
        "velocity": 1.3967e-5,
        "mass": 1.2411e-5,
        "adam": _adam(1e-3, 2000),
    },
    "ncl-subharmonic": {
        "solenoidal": [128] * 3,
        "velocity": 0.05346,
        "boundary": 0.06425,
        "mass": 2.639e-4,
        "adam": _adam(3.646e-3, 2000),
    },
    "pinn": {
        "width": 256,
        "velocity": 1.295e-3,
        "continuity": 2.023e-3,
        "adam": _adam(3.2357e-3, 2000),
    },
    "slda": {
        "width": 64,
        "noise": 1e-2,
        "mass": 1.0,
        "pretraining": {"steps": 5, "iterations": 20, "num_observations": 32768},
        "adam": _adam(3.294e-3, 3000, 1e-5, grid_lr=5e-2),
    },
}

PAPER: dict[str, Any] = {**COMMON, "seeds": 10, "cases": {"2d": PLANE, "3d": SPACE}}

QUICK_PLANE: dict[str, Any] = {
    "evaluation": {
        "points": 2000,
        "times": 25,
        "consistency_points": 100,
        "consistency_candidates": 16384,
        "grid": 64,
    },
    "lflow": {
        "num_observations": 2048,
        "adam": {"steps": 1000, "lr": 3e-3},
    },
    "ncl-subharmonic": {
        "num_observations": 2048,
        "num_boundary": 256,
        # Its velocity is tame where the density vanishes, so that paths exist.
        "construction": "transport",
        # The paper's weights leave the velocity out, and unseen mass grows.
        "velocity": 0.05,
        "mass": 0.01,
        "adam": {"steps": 800, "lr": 3e-3},
    },
    "pinn": {
        "num_observations": 1024,
        "num_domain": 1024,
        "num_boundary": 256,
        "adam": {"steps": 1000, "cosine": 1000, "lr": 5e-3},
    },
    "slda": {
        "num_observations": 512,
        "num_boundary": 256,
        "tolerance": 1e-4,
        "adam": {"steps": 400, "lr": 5e-3},
        "pretraining": {"num_observations": 4096},
    },
}
QUICK: dict[str, Any] = {
    **COMMON,
    "seeds": 2,
    "cases": {"2d": merge(PLANE, QUICK_PLANE)},
}

TINY: dict[str, Any] = {
    "evaluation": {
        "points": 200,
        "times": 4,
        "consistency_points": 20,
        "consistency_candidates": 1024,
        "grid": 16,
    },
    "lflow": {
        "num_observations": 128,
        "blocks": 2,
        "width": 8,
        "time_embedding": [16],
        "adam": {"steps": 60},
    },
    "ncl-subharmonic": {
        "num_observations": 128,
        "construction": "transport",
        "components": 4,
        "hidden": [8],
        "solenoidal": [16],
        "num_boundary": 32,
        "adam": {"steps": 60},
    },
    "pinn": {
        "num_observations": 128,
        "depth": 2,
        "width": 16,
        "num_domain": 128,
        "num_boundary": 32,
        "adam": {"steps": 60},
    },
    "slda": {
        "num_observations": 64,
        "grid": 10,
        "width": 16,
        "tolerance": 1e-3,
        "num_boundary": 32,
        "pretraining": {"steps": 1, "iterations": 5, "num_observations": 128},
        "adam": {"steps": 40},
    },
}
SMOKE: dict[str, Any] = {
    **COMMON,
    "seeds": 1,
    "figures": {"n": 24, "frames": 3, "steps": 24},
    "cases": {"2d": merge(PLANE, TINY), "3d": merge(SPACE, TINY)},
}


def _preset(summary: str, content: dict[str, Any]) -> Preset:
    return Preset(summary, tuple(SCHEMAS), content, SCHEMAS, FluidSettings)


PRESETS = {
    "quick": _preset("2D, two seeds; about 15 minutes on two cores", QUICK),
    "paper": _preset("2D and 3D, ten seeds, sizes of the paper; a GPU", PAPER),
    "smoke": _preset("a minute, to see that everything runs", SMOKE),
}
