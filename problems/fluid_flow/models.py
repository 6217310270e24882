"""The networks of the simulated fluid flow, each with its terms of the loss."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import torch
from torch import Tensor

from ncl_deepxde import flows
from ncl_deepxde.data import Condition, Penalty, sobol_box
from ncl_deepxde.nn import LFlow, SemiLagrangian, SubharmonicNCL

from ..observed import (
    LossTerm,
    ObservedModel,
    SirenFlow,
    continuity_of_velocity,
    grid_groups,
    mass_of_grid,
)
from .regions import BOX, EXTENT, HORIZON, faces
from .settings import FluidLFlow, FluidModel, FluidPinn, FluidSlda, FluidSubharmonic

__all__ = ["MODELS", "build_model"]

MODELS = {
    "lflow": "Lagrangian flow network: exact continuity by bijections",
    "ncl-subharmonic": "exact continuity, density a Laplacian of a potential",
    "pinn": "plain network, continuity as a residual",
    "slda": "semi-Lagrangian data assimilation: a grid carried by a velocity",
}


@singledispatch
def build_model(settings: FluidModel) -> ObservedModel:
    """Build a fresh network with its terms of the loss.

    Args:
        settings: Settings of one of the models, whose class tells which one.

    Raises:
        ValueError: Settings of none of them.
    """
    raise ValueError(
        f"settings: must be those of one of {', '.join(MODELS)}, got {settings!r}."
    )


@build_model.register
def _lflow(settings: FluidLFlow) -> ObservedModel:
    dim = settings.dim
    net = LFlow(
        dim,
        blocks=settings.blocks,
        depth=settings.depth,
        width=settings.width,
        domain=flows.Box([-BOX] * dim, [BOX] * dim),
        learn_mass=True,
        time_embedding=settings.time_embedding,
        times=(0.0, HORIZON),
        output="velocity",
    )
    terms = [LossTerm(1.0), LossTerm(settings.velocity)]
    mass = Penalty("mass", softplus_of_log_mass)
    return ObservedModel(net, "log1p", "velocity", terms, [(mass, settings.mass)])


@build_model.register
def _subharmonic(settings: FluidSubharmonic) -> ObservedModel:
    net = SubharmonicNCL(
        settings.dim,
        components=settings.components,
        hidden=settings.hidden,
        solenoidal=settings.solenoidal,
        activation=settings.activation,
        construction=settings.construction,
        learn_mass=True,
        spread=settings.spread,
        width=settings.width,
        output="velocity",
        floor=settings.floor,
    )
    wall = _density_on_faces(settings.dim, settings.num_boundary)
    terms = [
        LossTerm(1.0, "root mean square"),
        LossTerm(settings.velocity, "root mean square"),
        LossTerm(settings.boundary, "mean", wall),
    ]
    mass = Penalty("mass", softplus_of_log_mass)
    return ObservedModel(net, "linear", "momentum", terms, [(mass, settings.mass)])


@build_model.register
def _pinn(settings: FluidPinn) -> ObservedModel:
    dim = settings.dim
    low, high = [-EXTENT] * dim + [0.0], [EXTENT] * dim + [HORIZON]
    net = SirenFlow(low, high, settings.width, settings.depth, settings.frequency)
    inside = Condition(
        "continuity",
        sobol_box(low, high),
        settings.num_domain,
        lambda inputs, outputs: [continuity_of_velocity(inputs, outputs)],
    )
    wall = _density_on_faces(dim, settings.num_boundary)
    terms = [
        LossTerm(1.0),
        LossTerm(settings.velocity),
        LossTerm(settings.continuity, "root mean square", inside),
        LossTerm(settings.boundary, "mean", wall),
    ]
    return ObservedModel(net, "log1p", "velocity", terms)


@build_model.register
def _slda(settings: FluidSlda) -> ObservedModel:
    dim = settings.dim
    net = SemiLagrangian(
        dim,
        box=(-settings.half_side, settings.half_side),
        grid=settings.grid,
        hidden=[settings.width] * settings.depth,
        activation=settings.activation,
        tolerance=settings.tolerance,
        noise=settings.noise,
    )
    generator = torch.Generator(torch.get_default_device()).manual_seed(0)
    wall = faces(dim)(settings.num_boundary, generator)

    # No condition: that would solve for the density on the sides too.
    def slip(net: Any) -> Tensor:
        return normal_velocity(wall, net.velocity(wall)).square().mean()

    terms = [LossTerm(settings.density), LossTerm(settings.velocity)]
    penalties = [
        (Penalty("boundary", slip), settings.boundary),
        (Penalty("mass", mass_of_grid), settings.mass),
    ]
    groups = grid_groups(net, settings.adam.grid_lr)
    return ObservedModel(net, "log1p", "velocity", terms, penalties, groups)


def _density_on_faces(dim: int, num_points: int) -> Condition:
    """Take the density on the sides of the box for a residual."""
    return Condition(
        "boundary",
        faces(dim),
        num_points,
        lambda _, outputs: [outputs[:, :1]],
        has_derivatives=False,
    )


def softplus_of_log_mass(net: Any) -> Tensor:
    r"""Return :math:`\log(1 + M)`, 0-dimensional."""
    return torch.nn.functional.softplus(net.log_mass)


def normal_velocity(inputs: Tensor, u: Tensor) -> Tensor:
    r"""Return :math:`u\cdot n` on the sides of the box, (N, 1).

    Args:
        inputs: Points on the sides and times, (N, d + 1), time last.
        u: Velocities, (N, d).
    """
    x = inputs[:, :-1]
    axis = x.abs().argmax(dim=1, keepdim=True)
    return u.gather(1, axis) * x.gather(1, axis).sign()
