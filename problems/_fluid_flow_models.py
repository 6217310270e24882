"""The networks of the simulated fluid flow, each with its terms of the loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncl_deepxde import flows
from ncl_deepxde.data import Condition, Penalty
from ncl_deepxde.nn import LFlow, SemiLagrangian, SubharmonicNCL
from ncl_deepxde.operators import jacobian
from problems._fluid_flow_regions import BOX, EXTENT, HORIZON, faces, sobol_box
from problems._fluid_flow_siren import SirenFlow

__all__ = ["MODELS", "Model", "Term", "build_model", "continuity_of_velocity"]

Settings = Mapping[str, Any]

MODELS = {
    "lflow": "Lagrangian flow network: exact continuity by bijections",
    "ncl-subharmonic": "exact continuity, density a Laplacian of a potential",
    "pinn": "plain network, continuity as a residual",
    "slda": "semi-Lagrangian data assimilation: a grid carried by a velocity",
}


@dataclass(frozen=True)
class Term:
    """How a term enters the loss.

    Attributes:
        weight: Its weight.
        loss: Key of ``LOSSES``: what is taken of the residual.
        condition: Its points and residuals, for terms that are not of observations.
    """

    weight: float
    loss: str = "mean square"
    condition: Condition | None = None


@dataclass(frozen=True)
class Model:
    """A network and what it is trained on besides observations.

    Attributes:
        net: The network; outputs (rho, w), with w the velocity or the momentum.
        density: How densities are compared, as ``data.Observations`` takes it.
        velocity: How velocities are compared.
        terms: Of the density, the velocity, and the conditions.
        penalties: Functions of the network with their weights.
    """

    net: Any
    density: str
    velocity: str
    terms: Sequence[Term]
    penalties: Sequence[tuple[Penalty, float]] = ()

    @property
    def conditions(self) -> list[Condition]:
        """The terms with points of their own."""
        return [t.condition for t in self.terms if t.condition is not None]

    def weights(self) -> list[float]:
        """Return the weights of all terms of the loss."""
        return [t.weight for t in self.terms] + [weight for _, weight in self.penalties]

    def losses(self) -> list[Callable[[Tensor, Tensor], Tensor]]:
        """Return the loss functions of all terms but the penalties."""
        return [LOSSES[t.loss] for t in self.terms]


def build_model(name: str, own: Settings) -> Model:
    """Return a fresh model.

    Args:
        name: A key of ``MODELS``.
        own: Settings of a preset with those of the case, and those of the model.
    """
    return BUILDERS[name](own)


def _lflow(own: Settings) -> Model:
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
    terms = [Term(1.0), Term(own["velocity"])]
    mass = Penalty("mass", softplus_of_log_mass)
    return Model(net, "log1p", "velocity", terms, [(mass, own["mass"])])


def _subharmonic(own: Settings) -> Model:
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
        Term(1.0, kind),
        Term(own["velocity"], kind),
        Term(own["boundary"], "mean", _density_on_faces(own)),
    ]
    mass = Penalty("mass", softplus_of_log_mass)
    return Model(net, "linear", "momentum", terms, [(mass, own["mass"])])


def _pinn(own: Settings) -> Model:
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
        Term(1.0),
        Term(own["velocity"]),
        Term(own["continuity"], "root mean square", inside),
        Term(own["boundary"], "mean", _density_on_faces(own)),
    ]
    return Model(net, "log1p", "velocity", terms)


def _slda(own: Settings) -> Model:
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

    terms = [Term(own["density"]), Term(own["velocity"])]
    penalties = [
        (Penalty("boundary", slip), own["boundary"]),
        (Penalty("mass", mass_of_grid), own["mass"]),
    ]
    return Model(net, "log1p", "velocity", terms, penalties)


BUILDERS: Mapping[str, Callable[[Settings], Model]] = {
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


def mass_of_grid(net: Any) -> Tensor:
    """Return the mean density over the nodes of a grid, 0-dimensional."""
    mass: Tensor = net.grid_mass
    return mass


def continuity_of_velocity(inputs: Tensor, outputs: Tensor) -> Tensor:
    r"""Return :math:`\partial_t\rho + u\cdot\nabla\rho + \rho\nabla\cdot u`, (N, 1).

    Args:
        inputs: Shape (N, d + 1), time last.
        outputs: Columns :math:`(\rho, u)`, shape (N, d + 1).
    """
    d = inputs.shape[1] - 1
    J = jacobian(outputs, inputs)
    rho, u = outputs[:, :1], outputs[:, 1:]
    carried = J[:, 0, d:] + (u * J[:, 0, :d]).sum(dim=1, keepdim=True)
    stretched = J[:, 1:, :d].diagonal(dim1=1, dim2=2).sum(dim=1, keepdim=True)
    return carried + rho * stretched


def normal_velocity(inputs: Tensor, u: Tensor) -> Tensor:
    r"""Return :math:`u\cdot n` on the sides of the box, (N, 1).

    Args:
        inputs: Points on the sides, (N, d + 1), time last.
        u: Shape (N, d).
    """
    x = inputs[:, :-1]
    axis = x.abs().argmax(dim=1, keepdim=True)
    return u.gather(1, axis) * x.gather(1, axis).sign()


def mean_square(zero: Tensor, residual: Tensor) -> Tensor:
    """Return the mean square of a residual."""
    return residual.square().mean()


def root_mean_square(zero: Tensor, residual: Tensor) -> Tensor:
    """Return the root of the mean square, with a slope at 0 that is finite."""
    tiny = torch.finfo(residual.dtype).tiny
    return residual.square().mean().clamp(min=tiny).sqrt()


def mean(zero: Tensor, residual: Tensor) -> Tensor:
    """Return the mean of a residual that is positive."""
    return residual.mean()


LOSSES = {
    "mean square": mean_square,
    "root mean square": root_mean_square,
    "mean": mean,
}
