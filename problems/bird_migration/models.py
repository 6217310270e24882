r"""The networks of the bird migration, each with its terms of the loss.

All see network coordinates (``units``) and compare :math:`\log(1 + \rho)` and the
horizontal velocity, whose residual counts in 1000 km per day with the weights 1 and 1.3
of x and y, as in the released code.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ncl_deepxde import flows
from ncl_deepxde.data import Condition, Penalty, sobol_box
from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.nn import LFlow, SemiLagrangian, SubharmonicNCL

from ..observed import (
    LossTerm,
    ObservedModel,
    SirenFlow,
    continuity_of_velocity,
    grid_groups,
    mass_of_grid,
)
from .mlp import ResidualFlow
from .settings import (
    BirdLFlow,
    BirdMlp,
    BirdModel,
    BirdPinn,
    BirdSlda,
    BirdSubharmonic,
    Enlargement,
)
from .units import Units

__all__ = ["MODELS", "build_model", "enlarged_box", "velocity_noise"]

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
    """Return the numbers that residuals of the velocity are divided by, (1, 3)."""
    noise: Array = SPEED / (units.speeds * np.sqrt(WEIGHTS))
    return noise[None]


@singledispatch
def build_model(
    settings: BirdModel, units: Units, mean_density: float
) -> ObservedModel:
    """Build a fresh network with its terms of the loss.

    Args:
        settings: Settings of one of the models, whose class tells which one.
        units: Units of the network's coordinates.
        mean_density: Mean of the observed densities, in birds/km3.

    Raises:
        ValueError: Settings of none of them.
    """
    raise ValueError(
        f"settings: must be those of one of {', '.join(MODELS)}, got {settings!r}."
    )


@build_model.register
def _lflow(settings: BirdLFlow, units: Units, mean_density: float) -> ObservedModel:
    low, high = enlarged_box(settings.box, units)
    net = LFlow(
        DIM,
        blocks=settings.blocks,
        depth=settings.depth,
        width=settings.width,
        frequency=settings.frequency,
        affine=settings.affine,
        domain=flows.Box(low, high),
        total_mass=2**DIM * mean_density,
        learn_mass=True,
        time_embedding=settings.time_embedding,
        times=(-settings.time_scale, settings.time_scale),
        output="velocity",
    )
    terms = [LossTerm(1.0), LossTerm(settings.velocity)]
    return ObservedModel(net, "log1p", "velocity", terms, [_mass(settings.mass, units)])


@build_model.register
def _subharmonic(
    settings: BirdSubharmonic, units: Units, mean_density: float
) -> ObservedModel:
    net = SubharmonicNCL(
        DIM,
        components=settings.components,
        hidden=settings.hidden,
        solenoidal=settings.solenoidal,
        activation=settings.activation,
        construction=settings.construction,
        total_mass=2**DIM * mean_density,
        learn_mass=True,
        spread=1.0,
        width=settings.width,
        duration=settings.duration,
        output="velocity",
        floor=settings.floor,
    )
    terms = [LossTerm(1.0), LossTerm(settings.velocity)]
    return ObservedModel(net, "log1p", "velocity", terms, [_mass(settings.mass, units)])


@build_model.register
def _pinn(settings: BirdPinn, units: Units, mean_density: float) -> ObservedModel:
    net = SirenFlow(
        units.low, units.high, settings.width, settings.depth, settings.frequency
    )
    per_day = 24 / units.scales[3]

    def residual(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
        return [per_day * continuity_of_velocity(inputs, outputs)]

    inside = sobol_box(units.low, units.high)
    terms = [
        LossTerm(1.0),
        LossTerm(settings.velocity),
        LossTerm(
            settings.continuity,
            "root mean square",
            Condition("continuity", inside, settings.num_domain, residual),
        ),
    ]
    return ObservedModel(net, "log1p", "velocity", terms)


@build_model.register
def _slda(settings: BirdSlda, units: Units, mean_density: float) -> ObservedModel:
    net = SemiLagrangian(
        DIM,
        box=enlarged_box(settings.box, units),
        grid=settings.grid,
        hidden=[settings.width] * settings.depth,
        activation=settings.activation,
        start=units.low[3],
        tolerance=settings.tolerance,
        noise=settings.noise,
    )
    terms = [LossTerm(1.0), LossTerm(settings.velocity)]
    mass = Penalty("mass", mass_of_grid)
    penalties = [(mass, settings.mass)]
    groups = grid_groups(net, settings.adam.grid_lr)
    return ObservedModel(net, "log1p", "velocity", terms, penalties, groups)


@build_model.register
def _mlp(settings: BirdMlp, units: Units, mean_density: float) -> ObservedModel:
    net = ResidualFlow(DIM, settings.width, settings.blocks)
    return ObservedModel(
        net, "log1p", "velocity", [LossTerm(1.0), LossTerm(settings.velocity)]
    )


def _mass(weight: float, units: Units) -> tuple[Penalty, float]:
    r"""Penalize :math:`\log(1 + M)` with the number M of birds."""
    log_volume = float(np.log(units.volume))

    def penalty(net: Any) -> Tensor:
        return torch.nn.functional.softplus(net.log_mass + log_volume)

    return Penalty("mass", penalty), weight


def enlarged_box(factors: Enlargement, units: Units) -> tuple[list[float], list[float]]:
    """Return the corners of the box of the observations, enlarged about its center.

    Args:
        factors: Factors of the enlargement.
        units: Units of the observations.
    """
    ends = np.array([units.low[:DIM], units.high[:DIM]])
    center, half = ends.mean(axis=0), np.diff(ends, axis=0)[0] / 2
    # A narrow network gets as wide a box as a square one.
    half[:2] = half[:2].max()
    half = half * np.array([factors.plane, factors.plane, factors.altitude])
    return (center - half).tolist(), (center + half).tolist()
