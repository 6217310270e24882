"""A network with its terms of a loss over observed densities and velocities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from ncl_deepxde.data import Condition, Penalty
from ncl_deepxde.nn import SemiLagrangian
from ncl_deepxde.operators import jacobian

__all__ = [
    "LossTerm",
    "ObservedModel",
    "continuity_of_velocity",
    "grid_groups",
    "mass_of_grid",
]

ParameterGroup: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class LossTerm:
    """How a term enters the loss.

    Attributes:
        weight: Its weight.
        loss: What is taken of the residual, a key of ``LOSSES``.
        condition: Its points and residuals, for terms that are not of observations.
    """

    weight: float
    loss: Literal["mean square", "root mean square", "mean"] = "mean square"
    condition: Condition | None = None


@dataclass(frozen=True)
class ObservedModel:
    r"""A network and how it is compared with observations.

    Attributes:
        net: The network, with outputs :math:`(\rho, u)` or :math:`(\rho, \rho u)`.
        density: How densities are compared, as ``data.Observations`` takes it.
        velocity: How velocities are compared.
        terms: Terms of the density, the velocity, and the conditions, in this order.
        penalties: Functions of the network with their weights.
        groups: Groups of parameters for the optimizer; all alike where it is empty.
    """

    net: Any
    density: str
    velocity: str
    terms: Sequence[LossTerm]
    penalties: Sequence[tuple[Penalty, float]] = ()
    groups: Sequence[ParameterGroup] = ()

    @property
    def conditions(self) -> list[Condition]:
        """The terms that have points of their own."""
        return [t.condition for t in self.terms if t.condition is not None]

    def weights(self) -> list[float]:
        """List the weights of all terms of the loss."""
        return [t.weight for t in self.terms] + [weight for _, weight in self.penalties]

    def losses(self) -> list[Callable[[Tensor, Tensor], Tensor]]:
        """List the loss functions of all terms but the penalties."""
        return [LOSSES[t.loss] for t in self.terms]


def grid_groups(net: SemiLagrangian, grid_lr: float) -> list[ParameterGroup]:
    """Group the parameters of a network with a density on a grid.

    Args:
        net: The network.
        grid_lr: Learning rate of the density, to which no weight decay applies.
    """
    density = {"params": net.grid_parameters(), "lr": grid_lr, "weight_decay": 0.0}
    return [{"params": net.velocity_parameters()}, density]


def mass_of_grid(net: Any) -> Tensor:
    """Return the mean density over the nodes of a grid, 0-dimensional."""
    mass: Tensor = net.grid_mass
    return mass


def continuity_of_velocity(inputs: Tensor, outputs: Tensor) -> Tensor:
    r"""Return :math:`\partial_t\rho + u\cdot\nabla\rho + \rho\nabla\cdot u`, (N, 1).

    Args:
        inputs: Points and times, (N, d + 1), time last.
        outputs: Columns :math:`(\rho, u)`, (N, d + 1).
    """
    d = inputs.shape[1] - 1
    J = jacobian(outputs, inputs)
    rho, u = outputs[:, :1], outputs[:, 1:]
    carried = J[:, 0, d:] + (u * J[:, 0, :d]).sum(dim=1, keepdim=True)
    stretched = J[:, 1:, :d].diagonal(dim1=1, dim2=2).sum(dim=1, keepdim=True)
    return carried + rho * stretched


def mean_square(zero: Tensor, residual: Tensor) -> Tensor:
    """Return the mean square of a residual."""
    return residual.square().mean()


def root_mean_square(zero: Tensor, residual: Tensor) -> Tensor:
    """Return the root of the mean square, whose slope at 0 is finite."""
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
