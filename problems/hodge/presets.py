"""Sizes and budgets of the Hodge decomposition.

A case is a dimension n; a model's name as a key holds what differs for that model.

In trials (n = 25, ``both-parts``, one hidden layer of 256) SOAP left an error of 0.025
and Adam at its best rate 0.074 after 60 seconds of one core, orthogonal momentum (Muon,
with half the points) 0.078 after 50.
"""

from __future__ import annotations

from typing import Any

from ncl_deepxde.runs import Preset, merge

from .settings import HodgeModel, HodgeSettings

__all__ = ["PRESETS"]

EVERY = ("divfree-matrix", "divfree-vector", "potential", "both-parts")

COMMON: dict[str, Any] = {
    "float": "float32",
    # Root mean square of the gradient in units of that of the other part.
    "gradient": 1.0,
    "activation": "tanh",
    "harmonics": 1,
    "exact": False,
    "optimizer": "soap",
    "lr": 1e-2,
    "least_lr": 3e-5,
    "evaluation": {"points": 10_000, "points_while_training": 500},
    "divfree-matrix": {"loss": "curl", "hidden": [256], "batch": 128},
    "divfree-vector": {"loss": "curl", "hidden": [128, 128], "batch": 64},
    "potential": {"loss": "projection", "hidden": [128, 128], "batch": 512},
    "both-parts": {
        "loss": "projection",
        "hidden": [256],
        "hidden_gradient": [128, 128],
        "batch": 256,
    },
}

QUICK: dict[str, Any] = merge(
    COMMON,
    {
        "cases": {"25": {}},
        "divfree-matrix": {"steps": 1500},
        "divfree-vector": {"steps": 800},
        "potential": {"steps": 2000},
        "both-parts": {"steps": 4000},
    },
)

BEST: dict[str, Any] = merge(
    COMMON,
    {
        "seeds": 3,
        "cases": {"25": {}},
        "steps": 15_000,
        "divfree-matrix": {"hidden": [512], "batch": 256},
        "divfree-vector": {"hidden": [256, 256], "batch": 128},
        "potential": {"hidden": [256, 256], "batch": 1024},
        "both-parts": {"hidden": [512]},
    },
)

# The network and the size of the gradient are those of the paper; its five
# points at a step would leave a GPU idle.
PAPER: dict[str, Any] = merge(
    COMMON,
    {
        "seeds": 3,
        "cases": {"25": {}, "50": {}, "100": {}},
        "gradient": None,
        "activation": "sin",
        "optimizer": "adam",
        "lr": 7e-4,
        "least_lr": 7e-6,
        "steps": 20_000,
        "divfree-matrix": {"hidden": [256, 256], "batch": 512},
        "divfree-vector": {"hidden": [256, 256], "batch": 512},
        # The potential of the target has two layers of sines, these have three.
        "potential": {"hidden": [256] * 3, "batch": 2048},
        "both-parts": {
            "hidden": [256, 256],
            "hidden_gradient": [128] * 3,
            "batch": 512,
        },
    },
)

TINY: dict[str, Any] = {"hidden": [16], "batch": 16, "steps": 25}

SMOKE: dict[str, Any] = merge(
    COMMON,
    {
        "cases": {"2": {}, "4": {"exact": True}},
        "evaluation": {"points": 200, "points_while_training": 50},
        **dict.fromkeys(EVERY, TINY),
        "both-parts": {**TINY, "hidden_gradient": [16]},
    },
)


def _preset(summary: str, content: dict[str, Any]) -> Preset:
    schemas = dict.fromkeys(EVERY, HodgeModel)
    return Preset(summary, EVERY, content, schemas, HodgeSettings)


PRESETS = {
    "quick": _preset("25 dimensions; a quarter of an hour on one core", QUICK),
    "best": _preset("25 dimensions, three seeds; hours on two cores", BEST),
    "paper": _preset("25, 50 and 100 dimensions, three seeds; a GPU", PAPER),
    "smoke": _preset("seconds, to see that everything runs", SMOKE),
}
