"""The networks of the simulated fluid flow, each with its terms of the loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ncl_deepxde import flows
from ncl_deepxde.data import Condition, Penalty, sobol_box
from ncl_deepxde.nn import LFlow, SemiLagrangian, SubharmonicNCL

from ..observed.model import (
    LossTerm,
    ObservedModel,
    continuity_of_velocity,
    mass_of_grid,
)
from ..observed.siren import SirenFlow
from .regions import BOX, EXTENT, HORIZON, faces

__all__ = ["MODELS", "build_model"]

Settings = Mapping[str, Any]

MODELS = {
    "lflow": "Lagrangian flow network: exact continuity by bijections",
    "ncl-subharmonic": "exact continuity, density a Laplacian of a potential",
    "pinn": "plain network, continuity as a residual",
    "slda": "semi-Lagrangian data assimilation: a grid carried by a velocity",
}


def build_model(name: str, own: Settings) -> ObservedModel:
    """Return a fresh model.

    Args:
        name: A key of ``MODELS``.
        own: Settings of a preset with those of the case, and those of the model.
    """
    return BUILDERS[name](own)


def _lflow(own: Settings) -> ObservedModel:
    dim = own["dim"]
    net = LFlow(
        dim,
        blocks=own["blocks"],
        depth=own["depth"],
        width=own["width"],
        domain=flows.Box([-BOX] * dim, [BOX] * dim),
        learn_mass=True,
        time_embedding=own["time_embedding"],
        times=(0.0, HORIZON),
        output="velocity",
    )
    terms = [LossTerm(1.0), LossTerm(own["velocity"])]
    mass = Penalty("mass", softplus_of_log_mass)
    return ObservedModel(net, "log1p", "velocity", terms, [(mass, own["mass"])])


def _subharmonic(own: Settings) -> ObservedModel:
    net = SubharmonicNCL(
        own["dim"],
        components=own["components"],
        hidden=own["hidden"],
        solenoidal=own["solenoidal"],
        activation=own["activation"],
        construction=own["construction"],
        learn_mass=True,
        spread=own["spread"],
        width=own["width"],
        output="velocity",
        floor=own["floor"],
    )
    kind = "root mean square"
    terms = [
        LossTerm(1.0, kind),
        LossTerm(own["velocity"], kind),
        LossTerm(own["boundary"], "mean", _density_on_faces(own)),
    ]
    mass = Penalty("mass", softplus_of_log_mass)
    return ObservedModel(net, "linear", "momentum", terms, [(mass, own["mass"])])


def _pinn(own: Settings) -> ObservedModel:
    dim = own["dim"]
    low, high = [-EXTENT] * dim + [0.0], [EXTENT] * dim + [HORIZON]
    net = SirenFlow(low, high, own["width"], own["depth"], own["frequency"])
    inside = Condition(
        "continuity",
        sobol_box(low, high),
        own["num_domain"],
        lambda inputs, outputs: [continuity_of_velocity(inputs, outputs)],
    )
    terms = [
        LossTerm(1.0),
        LossTerm(own["velocity"]),
        LossTerm(own["continuity"], "root mean square", inside),
        LossTerm(own["boundary"], "mean", _density_on_faces(own)),
    ]
    return ObservedModel(net, "log1p", "velocity", terms)


def _slda(own: Settings) -> ObservedModel:
    dim = own["dim"]
    net = SemiLagrangian(
        dim,
        box=(-own["half_side"], own["half_side"]),
        grid=own["grid"],
        hidden=[own["width"]] * own["depth"],
        activation=own["activation"],
        tolerance=own["tolerance"],
        noise=own["noise"],
    )
    generator = torch.Generator(torch.get_default_device()).manual_seed(0)
    wall = faces(dim)(own["num_boundary"], generator)

    # No condition: that would solve for the density on the sides too.
    def slip(net: Any) -> Tensor:
        return normal_velocity(wall, net.velocity(wall)).square().mean()

    terms = [LossTerm(own["density"]), LossTerm(own["velocity"])]
    penalties = [
        (Penalty("boundary", slip), own["boundary"]),
        (Penalty("mass", mass_of_grid), own["mass"]),
    ]
    return ObservedModel(net, "log1p", "velocity", terms, penalties)


BUILDERS: Mapping[str, Callable[[Settings], ObservedModel]] = {
    "lflow": _lflow,
    "ncl-subharmonic": _subharmonic,
    "pinn": _pinn,
    "slda": _slda,
}


def _density_on_faces(own: Settings) -> Condition:
    """Return the density on the sides of the box as a residual."""
    return Condition(
        "boundary",
        faces(own["dim"]),
        own["num_boundary"],
        lambda _, outputs: [outputs[:, :1]],
        has_derivatives=False,
    )


def softplus_of_log_mass(net: Any) -> Tensor:
    r"""Return :math:`\log(1 + M)`, 0-dimensional."""
    return torch.nn.functional.softplus(net.log_mass)


def normal_velocity(inputs: Tensor, u: Tensor) -> Tensor:
    r"""Return :math:`u\cdot n` on the sides of the box, (N, 1).

    Args:
        inputs: Points on the sides, (N, d + 1), time last.
        u: Shape (N, d).
    """
    x = inputs[:, :-1]
    axis = x.abs().argmax(dim=1, keepdim=True)
    return u.gather(1, axis) * x.gather(1, axis).sign()
