"""Sizes, weights and budgets of the Euler torus.

A model's name as a key holds what differs for that model. Loss weights: each component
of the momentum residual, incompressibility, continuity (plain network only), each
component of the initial state.

Budgets are steps, so that the same command gives the same numbers whatever else a
machine does, chosen for equal CPU time of the models of a preset. CPU time of a step
(ms, one thread, ``benchmarks/preset_costs.py``), the points of the equations and of a
soft initial state, and the steps that the seconds in brackets buy:

=====================  ===========  ===========  =====  ========================
stage, model           points       ms per step  steps  preset
=====================  ===========  ===========  =====  ========================
gauss-newton (50 s)
pinn                   300 + 150            710     70  quick
pinn-hard              450                  795     63  quick
ncl-hard               450                  511     98  quick
more points (184 s)
pinn                   700 + 300           2990     62  quick
pinn-hard              1000                3890     47  quick
ncl-hard               1000                2300     80  quick
gauss-newton (67 s)
pinn-hard              450                  837     80  best
ncl-hard               450                  591    113  best
more points (433 s)
pinn-hard              1000                3920    110  best
ncl-hard               1000                2345    185  best
most points (500 s)
pinn-hard              2000               13560     37  best
ncl-hard               2000                9440     53  best
adam (280 s)
pinn                   1000 + 500          26.2  10700  adam
pinn-hard              1500                35.0   8000  adam
ncl-hard               1500               171.7   1630  adam
=====================  ===========  ===========  =====  ========================

Other models have the steps of ``pinn`` in quick and adam, those of ``ncl-hard`` in
best. The machine was busy, which adds up to a third to the times. On two idle cores,
with two threads, a step of ``ncl-hard`` took 0.40 s in the first stage of quick and
1.41 s in the second, which makes 150 s of training.
"""

from __future__ import annotations

from typing import Any

from ncl_deepxde.runs import Preset

from .settings import ExactSettings, PlainSettings, TorusSettings

__all__ = ["PRESETS"]

SCHEMAS = {
    "pinn": PlainSettings,
    "pinn-hard": PlainSettings,
    "ncl-matrix": ExactSettings,
    "ncl-vector": ExactSettings,
    "ncl-hard": ExactSettings,
    "ncl-tensor": ExactSettings,
}

T_END = 1 / 3

# Below these the plain networks fit their points and diverge between them.
DAMPING = 1e-6
PLAIN_HARD_DAMPING = 1e-5


def _adam(lr: float, **budget: Any) -> dict[str, Any]:
    return {"lr": lr, **budget}


def _gauss_newton(
    damping: float = 1e-3, least: float = DAMPING, **budget: Any
) -> dict[str, Any]:
    """Return the budget of a stage by Gauss-Newton."""
    options = {"damping": damping, "damping_range": [least, 1e2], "decay": 0.7}
    return {"optimizer": "gauss-newton", "options": options, **budget}


def _more(**budget: Any) -> dict[str, Any]:
    """Return a budget to go on with more points, near where the damping was left."""
    return _gauss_newton(1e-5, **budget)


PAPER: dict[str, Any] = {
    "float": "float32",
    "t_end": T_END,
    "points": "uniform",
    "per_volume": False,
    "ramp": 0.1,
    "windows": 1,
    "closure": 1.0,
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
PAPER_NCL: dict[str, Any] = {
    "scale": 0.7,
    "potential_scale": 1.0,
    "momentum": 2e-3,
    "incompressibility": 1e-2,
    "adam": _adam(5e-4, drop_at=300, drop=0.5, steps=600_000),
}
# The paper has only soft starts; the others take its sizes and rates.
PAPER |= dict.fromkeys(
    ("ncl-matrix", "ncl-vector", "ncl-hard", "ncl-tensor"), PAPER_NCL
)
PAPER["pinn-hard"] = PAPER["pinn"]

QUICK: dict[str, Any] = {
    "float": "float32",
    "t_end": T_END,
    "points": "kronecker",
    "per_volume": True,
    "ramp": 0.1,
    "windows": 1,
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
    "closure": 10.0,
    "initial": 10.0,
    "stages": ["gauss-newton", "more points"],
    "gauss-newton": _gauss_newton(steps=70),
    "more points": _more(steps=62, num_domain=700, num_initial=300),
    "reference": {"n": 40, "dt": 2e-3},
}
# Per volume, the plain network settles in other flows.
PINN: dict[str, Any] = {"per_volume": False, "momentum": 1e-2}
# As many points in all: a hard start needs none.
QUICK["pinn"] = PINN
QUICK["ncl-hard"] = {
    "num_domain": 450,
    "gauss-newton": _gauss_newton(steps=98),
    "more points": _more(steps=80, num_domain=1000),
}
QUICK["pinn-hard"] = {
    "num_domain": 450,
    "gauss-newton": _gauss_newton(least=PLAIN_HARD_DAMPING, steps=63),
    "more points": _more(least=PLAIN_HARD_DAMPING, steps=47, num_domain=1000),
}

ADAM: dict[str, Any] = {
    **QUICK,
    # Per volume, NCL settles at a constant density under Adam.
    "per_volume": False,
    "momentum": 1e-2,
    "num_domain": 1000,
    "num_initial": 500,
    "stages": ["adam"],
    "adam": _adam(1e-2, steps=10_700),
}
ADAM["ncl-hard"] = {"num_domain": 1500, "adam": _adam(1e-2, steps=1630)}
ADAM["pinn-hard"] = {
    "num_domain": 1500,
    "per_volume": True,
    "momentum": 1e-1,
    "adam": _adam(1e-2, steps=8000),
}

BEST: dict[str, Any] = {
    **QUICK,
    "gauss-newton": _gauss_newton(steps=113),
    "stages": ["gauss-newton", "more points", "most points"],
    "more points": _more(steps=185, num_domain=700, num_initial=300),
    "most points": _more(steps=53, num_domain=1400, num_initial=600),
    "reference": {"n": 80, "dt": 2e-3},
}
BEST["ncl-hard"] = {
    "num_domain": 450,
    "more points": _more(steps=185, num_domain=1000),
    "most points": _more(steps=53, num_domain=2000),
}
BEST["pinn-hard"] = {
    "num_domain": 450,
    "gauss-newton": _gauss_newton(least=PLAIN_HARD_DAMPING, steps=80),
    "more points": _more(least=PLAIN_HARD_DAMPING, steps=110, num_domain=1000),
    "most points": _more(least=PLAIN_HARD_DAMPING, steps=37, num_domain=2000),
}

SMOKE: dict[str, Any] = {
    **QUICK,
    "windows": 2,
    "width": 16,
    "depth": 2,
    "num_domain": 100,
    "num_initial": 50,
    "stages": ["adam", "gauss-newton", "more points"],
    "adam": _adam(2e-3, steps=25),
    "gauss-newton": _gauss_newton(steps=5),
    "reference": {"n": 16, "dt": 2e-2},
}
SMOKE["more points"] = _more(steps=2, num_domain=120, num_initial=60)
SMOKE["pinn-hard"] = SMOKE["ncl-hard"] = {
    "num_domain": 150,
    "more points": _more(steps=2, num_domain=180),
}

RIVALS = ("pinn", "pinn-hard", "ncl-hard")


def _preset(summary: str, models: tuple[str, ...], content: dict[str, Any]) -> Preset:
    return Preset(summary, models, content, SCHEMAS, TorusSettings)


PRESETS = {
    "quick": _preset("under ten minutes on two cores", RIVALS, QUICK),
    "best": _preset("half an hour on two cores", ("pinn-hard", "ncl-hard"), BEST),
    "adam": _preset("quick by Adam in place of Gauss-Newton", RIVALS, ADAM),
    "paper": _preset(
        "sizes, weights and steps of the paper; days on a GPU",
        ("pinn", "ncl-matrix"),
        PAPER,
    ),
    "smoke": _preset(
        "a minute, to see that everything runs; no accuracy",
        tuple(SCHEMAS),
        SMOKE,
    ),
}
