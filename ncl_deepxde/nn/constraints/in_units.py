r"""Starts and walls whose factors are of order one in the units of a user.

A potential of order one is multiplied by :math:`t^p w^q`. In place of :math:`t` this is
:math:`t/\tau`, and in place of :math:`w` the function of the same wall with

.. math:: \max |\hat\nabla w| = \max |L\,\nabla w| = 1 \quad\text{on the wall} ,

the distance from it in scaled coordinates, to first order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor

from ..base.units import NetworkUnits
from .continuation import Continuation, ContinuedLaw
from .initial_velocity import InitialVelocity
from .start_and_wall import InitialState, PointFunction, Wall

__all__ = ["start_in_units", "wall_in_units"]

S = TypeVar(
    "S",
    bound=InitialState | InitialVelocity | Continuation | ContinuedLaw | None,
)


def start_in_units(initial: S, units: NetworkUnits) -> S:
    """Return the same start with its clock in units of the network's time."""
    if isinstance(initial, InitialState | InitialVelocity) and units.are_given:
        return replace(initial, clock=units.steps[-1])
    return initial


def wall_in_units(wall: Wall | None, units: NetworkUnits) -> Wall | None:
    """Return the same wall with a function of slope one in scaled coordinates.

    Raises:
        ValueError: The points of the wall have a wrong shape, or its function is
            constant there.
    """
    if wall is None or not units.are_given:
        return wall
    wall.check_points(len(units.lengths))
    x = wall.points.detach().double().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(wall.at(x).sum(), x)
    slope = float((gradient * x.new_tensor(units.lengths)).norm(dim=1).max())
    if not slope > 0:
        raise ValueError(
            "wall: function must have a gradient that does not vanish at points, got "
            f"the slope {slope:g}. Give a function that behaves as the distance."
        )
    return replace(wall, function=_Times(wall.function, 1 / slope))


@dataclass(frozen=True)
class _Times:
    """A function times a number."""

    function: PointFunction
    factor: float

    def __call__(self, x: Tensor) -> Tensor:
        value = self.function(x)
        # Another value is refused, by name, where its shape is checked.
        return value * self.factor if isinstance(value, Tensor) else value
