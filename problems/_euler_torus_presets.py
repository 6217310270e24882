"""Sizes, weights and budgets of the Euler torus.

A model's name as a key holds what differs for that model. Loss weights: each component
of the momentum residual, incompressibility, continuity (plain network only), each
component of the initial state.
"""

from __future__ import annotations

from typing import Any

from ncl_deepxde.problem import Preset

__all__ = ["PRESETS", "T_END"]

T_END = 1 / 3


def _adam(lr: float, **budget: Any) -> dict[str, Any]:
    return {"lr": lr, **budget}


PAPER = {
    "float": "float32",
    "t_end": T_END,
    "points": "uniform",
    "per_volume": False,
    "width": 512,
    "depth": 8,
    "harmonics": 1,
    "activation": "sin",
    "initializer": "LeCun normal",
    "num_domain": 1000,
    "num_initial": 1000,
    "initial": 30.0,
    "stages": ["adam"],
    "reference": {"n": 100, "dt": 1e-3},
    "pinn": {
        "scale": 1.0,
        "momentum": 1e-2,
        "incompressibility": 1e-1,
        "continuity": 1e3,
        "adam": _adam(1e-4, drop_at=300, drop=0.5, steps=600_000),
    },
}
PAPER_NCL = {
    "scale": 0.7,
    "potential_scale": 1.0,
    "momentum": 2e-3,
    "incompressibility": 1e-2,
    "adam": _adam(5e-4, drop_at=300, drop=0.5, steps=600_000),
}
PAPER["ncl-matrix"] = PAPER["ncl-vector"] = PAPER_NCL

QUICK = {
    "float": "float32",
    "t_end": T_END,
    "points": "kronecker",
    "per_volume": True,
    "ramp": 0.1,
    "hard_momentum": True,
    "windows": 3,
    "width": 48,
    "depth": 4,
    "harmonics": 2,
    "activation": "tanh",
    "initializer": "Glorot normal",
    "scale": 1.0,
    "num_domain": 300,
    "num_initial": 150,
    "momentum": 1e-1,
    "incompressibility": 1e-1,
    "continuity": 1e-1,
    "closure": 1.0,
    "initial": 10.0,
    "stages": ["gauss-newton"],
    "gauss-newton": {"seconds": 170.0, "options": {"decay": 0.7}},
    "reference": {"n": 40, "dt": 2e-3},
}
# As many points in all: a hard start needs none.
QUICK["pinn-hard"] = QUICK["ncl-hard"] = {"num_domain": 450}

ADAM = {
    **QUICK,
    "windows": 1,
    "num_domain": 1000,
    "num_initial": 500,
    "stages": ["adam"],
    "adam": _adam(1e-2, seconds=170.0),
}
ADAM["pinn-hard"] = ADAM["ncl-hard"] = {"num_domain": 1500}

SMOKE = {
    **QUICK,
    "windows": 2,
    "width": 16,
    "depth": 2,
    "num_domain": 100,
    "num_initial": 50,
    "stages": ["adam", "gauss-newton"],
    "adam": _adam(2e-3, steps=25),
    "gauss-newton": {"steps": 5},
    "reference": {"n": 16, "dt": 2e-2},
}
SMOKE["pinn-hard"] = SMOKE["ncl-hard"] = {"num_domain": 150}

PRESETS = {
    "quick": Preset("under ten minutes on two cores", ("pinn", "ncl-matrix"), QUICK),
    "adam": Preset(
        "quick by Adam in place of Gauss-Newton", ("pinn", "ncl-matrix"), ADAM
    ),
    "paper": Preset(
        "sizes, weights and steps of the paper; days on a GPU",
        ("pinn", "ncl-matrix"),
        PAPER,
    ),
    "smoke": Preset(
        "a minute, to see that everything runs; no accuracy",
        ("pinn", "ncl-matrix", "ncl-vector"),
        SMOKE,
    ),
}
