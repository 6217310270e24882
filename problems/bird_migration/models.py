r"""The networks of the bird migration, each with its terms of the loss.

All see network coordinates (``_bird_units``) and compare :math:`\log(1 + \rho)` and the
horizontal velocity, whose residual counts in 1000 km per day with the weights 1 and 1.3
of x and y, as in the released code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ncl_deepxde import flows
from ncl_deepxde.data import Condition, Penalty, sobol_box
from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.nn import LFlow, SemiLagrangian, SubharmonicNCL

from ..observed.model import (
    LossTerm,
    ObservedModel,
    continuity_of_velocity,
    mass_of_grid,
)
from ..observed.siren import SirenFlow
from .mlp import ResidualFlow
from .units import Units

__all__ = ["MODELS", "build_model", "enlarged_box", "velocity_noise"]

Settings = Mapping[str, Any]

MODELS = {
    "lflow": "Lagrangian flow network: exact continuity by bijections",
    "ncl-subharmonic": "exact continuity, density a Laplacian of a potential",
    "slda": "semi-Lagrangian data assimilation: a grid carried by a velocity",
    "pinn": "plain network, continuity as a residual",
    "mlp": "residual network of points without any law",
}

SPEED = 1000 / 24
"""1000 km per day in km/h."""
WEIGHTS = (1.0, 1.3, 1.0)
DIM = 3


def velocity_noise(units: Units) -> Array:
    """Return what residuals of the velocity are divided by, (1, 3)."""
    noise: Array = SPEED / (units.speeds * np.sqrt(WEIGHTS))
    return noise[None]


def build_model(
    name: str, own: Settings, units: Units, mean_density: float
) -> ObservedModel:
    """Return a fresh model.

    Args:
        name: A key of ``MODELS``.
        own: Settings of a preset with those of the case, and those of the model.
        units: Of the observations.
        mean_density: Of the observations, in birds/km3.
    """
    return BUILDERS[name](own, units, mean_density)


def _lflow(own: Settings, units: Units, mean_density: float) -> ObservedModel:
    low, high = enlarged_box(own["box"], units)
    net = LFlow(
        DIM,
        blocks=own["blocks"],
        depth=own["depth"],
        width=own["width"],
        frequency=own["frequency"],
        affine=own["affine"],
        domain=flows.Box(low, high),
        total_mass=2**DIM * mean_density,
        learn_mass=True,
        time_embedding=own["time_embedding"],
        times=(-own["time_scale"], own["time_scale"]),
        output="velocity",
    )
    terms = [LossTerm(1.0), LossTerm(own["velocity"])]
    return ObservedModel(net, "log1p", "velocity", terms, [_mass(own, units)])


def _subharmonic(own: Settings, units: Units, mean_density: float) -> ObservedModel:
    net = SubharmonicNCL(
        DIM,
        components=own["components"],
        hidden=own["hidden"],
        solenoidal=own["solenoidal"],
        activation=own["activation"],
        construction=own["construction"],
        total_mass=2**DIM * mean_density,
        learn_mass=True,
        spread=1.0,
        width=own["width"],
        duration=own["duration"],
        output="velocity",
        floor=own["floor"],
    )
    terms = [LossTerm(1.0), LossTerm(own["velocity"])]
    return ObservedModel(net, "log1p", "velocity", terms, [_mass(own, units)])


def _pinn(own: Settings, units: Units, mean_density: float) -> ObservedModel:
    net = SirenFlow(units.low, units.high, own["width"], own["depth"], own["frequency"])
    per_day = 24 / units.scales[3]

    def residual(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
        return [per_day * continuity_of_velocity(inputs, outputs)]

    inside = sobol_box(units.low, units.high)
    terms = [
        LossTerm(1.0),
        LossTerm(own["velocity"]),
        LossTerm(
            own["continuity"],
            "root mean square",
            Condition("continuity", inside, own["num_domain"], residual),
        ),
    ]
    return ObservedModel(net, "log1p", "velocity", terms)


def _slda(own: Settings, units: Units, mean_density: float) -> ObservedModel:
    net = SemiLagrangian(
        DIM,
        box=enlarged_box(own["box"], units),
        grid=own["grid"],
        hidden=[own["width"]] * own["depth"],
        activation=own["activation"],
        start=units.low[3],
        tolerance=own["tolerance"],
        noise=own["noise"],
    )
    terms = [LossTerm(1.0), LossTerm(own["velocity"])]
    mass = Penalty("mass", mass_of_grid)
    return ObservedModel(net, "log1p", "velocity", terms, [(mass, own["mass"])])


def _mlp(own: Settings, units: Units, mean_density: float) -> ObservedModel:
    net = ResidualFlow(DIM, own["width"], own["blocks"])
    return ObservedModel(
        net, "log1p", "velocity", [LossTerm(1.0), LossTerm(own["velocity"])]
    )


BUILDERS: Mapping[str, Callable[[Settings, Units, float], ObservedModel]] = {
    "lflow": _lflow,
    "ncl-subharmonic": _subharmonic,
    "slda": _slda,
    "pinn": _pinn,
    "mlp": _mlp,
}


def _mass(own: Settings, units: Units) -> tuple[Penalty, float]:
    r"""Return the penalty :math:`\log(1 + M)` of the number M of birds."""
    log_volume = float(np.log(units.volume))

    def penalty(net: Any) -> Tensor:
        return torch.nn.functional.softplus(net.log_mass + log_volume)

    return Penalty("mass", penalty), own["mass"]


def enlarged_box(
    factors: Mapping[str, float], units: Units
) -> tuple[list[float], list[float]]:
    """Return the corners of the box of the observations, enlarged about its center.

    Args:
        factors: By how much in the ``plane`` and in ``altitude``.
        units: Of the observations.
    """
    ends = np.array([units.low[:DIM], units.high[:DIM]])
    center, half = ends.mean(axis=0), np.diff(ends, axis=0)[0] / 2
    # A narrow network gets as wide a box as a square one.
    half[:2] = half[:2].max()
    half = half * np.array([factors["plane"]] * 2 + [factors["altitude"]])
    return (center - half).tolist(), (center + half).tolist()
