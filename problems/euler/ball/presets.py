"""Sizes, weights and budgets of the Euler ball.

A model's name as a key holds what differs for that model. Loss weights: each component
of the momentum residual, incompressibility, continuity, each component of the initial
state, and the momentum through the wall.

Budgets are steps, so that the same command gives the same numbers whatever else a
machine does, chosen for equal CPU time of the models of a preset. CPU time of a step
(ms, one thread, ``benchmarks/preset_costs.py``), the points of the equations, and of
initial state and wall where these are soft, and the steps that the seconds in brackets
buy:

===================  ===============  ===========  =====
stage, model         points           ms per step  steps
===================  ===============  ===========  =====
gauss-newton (130 s)
pinn                 300 + 100 + 100          781    166
pinn-hard            500                     1413     92
curl                 300 + 100 + 100          788    165
ncl-vector           300 + 100 + 100          765    170
ncl-hard             500                     1105    118
more points (830 s)
pinn                 600 + 200 + 200         3002    276
pinn-hard            1000                    5545    150
curl                 600 + 200 + 200         2215    375
ncl-vector           600 + 200 + 200         2720    305
ncl-hard             1000                    3823    217
===================  ===============  ===========  =====

The machine was busy, which adds up to a third to the times.
"""

from __future__ import annotations

from typing import Any

from ncl_deepxde.runs import Preset, merge

from .settings import BallSettings

__all__ = ["PRESETS"]

T_END = 0.5


def _gauss_newton(
    damping: float = 1e-3, least: float = 1e-6, **budget: Any
) -> dict[str, Any]:
    """Return the budget of a stage by Gauss-Newton."""
    options = {"damping": damping, "damping_range": [least, 1e2], "decay": 0.7}
    return {"optimizer": "gauss-newton", "options": options, **budget}


def _adam(lr: float, drop: float) -> dict[str, Any]:
    """Return the paper's Adam, whose rate falls to nearly nothing after 300 steps."""
    return {"lr": lr, "drop_at": 300, "drop": drop, "steps": 10_000}


# The paper has neither a plain network nor hard states; they take its sizes and rates.
PAPER: dict[str, Any] = {
    "float": "float32",
    "t_end": T_END,
    "start": "printed",
    "points": "uniform",
    "per_volume": True,
    "ramp": 0.2,
    "construction": "vector",
    "mean_density": 0.0,
    "width": 128,
    "depth": 4,
    "activation": "sharp softplus",
    "initializer": "LeCun normal",
    "scale": 0.8,
    "num_domain": 1000,
    "num_initial": 1000,
    "num_wall": 1000,
    "momentum": 0.2,
    "incompressibility": 0.1,
    "continuity": 3.0,
    "initial": 30.0,
    "wall": 0.1,
    "stages": ["adam"],
    "adam": _adam(3e-3, 1e-2),
    "reference": {"n": 12, "dt": 5e-3},
    "ncl-vector": {"per_volume": False, "adam": _adam(1e-3, 5e-3)},
    "ncl-hard": {"per_volume": False, "adam": _adam(1e-3, 5e-3)},
}

QUICK: dict[str, Any] = {
    "float": "float32",
    "t_end": T_END,
    "start": "compatible",
    "points": "kronecker",
    "per_volume": True,
    "ramp": 0.2,
    "construction": "matrix",
    "mean_density": "trained",
    "width": 48,
    "depth": 3,
    "activation": "tanh",
    "initializer": "Glorot normal",
    "scale": 1.0,
    "num_domain": 300,
    "num_initial": 100,
    "num_wall": 100,
    "momentum": 1.0,
    "incompressibility": 1.0,
    "continuity": 1.0,
    "initial": 10.0,
    "wall": 10.0,
    "stages": ["gauss-newton"],
    "gauss-newton": _gauss_newton(steps=166),
    "reference": {"n": 8, "dt": 1e-2},
    "curl": {"gauss-newton": _gauss_newton(steps=165)},
    "ncl-vector": {"gauss-newton": _gauss_newton(steps=170)},
    "ncl-hard": {"num_domain": 500, "gauss-newton": _gauss_newton(steps=118)},
    "pinn-hard": {"num_domain": 500, "gauss-newton": _gauss_newton(steps=92)},
}


def _more(steps: int, **points: int) -> dict[str, Any]:
    """Return what differs for a model: a budget to go on with more points."""
    return {"more points": _gauss_newton(1e-5, steps=steps, **points)}


MORE = {"num_domain": 600, "num_initial": 200, "num_wall": 200}
BEST: dict[str, Any] = merge(
    QUICK,
    {
        "stages": ["gauss-newton", "more points"],
        **_more(276, **MORE),
        "reference": {"n": 12, "dt": 5e-3},
        "curl": _more(375, **MORE),
        "ncl-vector": _more(305, **MORE),
        "ncl-hard": _more(217, num_domain=1000),
        "pinn-hard": _more(150, num_domain=1000),
    },
)

SMOKE: dict[str, Any] = {
    **QUICK,
    "width": 12,
    "depth": 2,
    "num_domain": 60,
    "num_initial": 30,
    "num_wall": 30,
    "stages": ["gauss-newton"],
    "gauss-newton": _gauss_newton(steps=4),
    "reference": {"n": 3, "dt": 5e-2},
    "curl": {},
    "ncl-vector": {},
    "ncl-hard": {"num_domain": 120},
    "pinn-hard": {"num_domain": 120},
}

RIVALS = ("pinn", "pinn-hard", "curl", "ncl-vector", "ncl-hard")


def _preset(summary: str, models: tuple[str, ...], content: dict[str, Any]) -> Preset:
    schemas = dict.fromkeys(RIVALS, BallSettings)
    return Preset(summary, models, content, schemas, BallSettings)


PRESETS = {
    "quick": _preset("twelve minutes on two cores", RIVALS, QUICK),
    "best": _preset("an hour on two cores", RIVALS, BEST),
    "paper": _preset(
        "sizes, weights and steps of the paper",
        ("curl", "ncl-vector"),
        PAPER,
    ),
    "smoke": _preset(
        "a minute, to see that everything runs; no accuracy",
        RIVALS,
        SMOKE,
    ),
}
