r"""Conditions on the boundary, for the solvers that take ``boundary=``.

With outward normal n, velocity u, pressure p, viscosity :math:`\mu` and traction
:math:`\sigma n`, :math:`\sigma = \mu (\nabla u + \nabla u^T) - p I`:

===================  ================================================================
:class:`FreeSlip`    :math:`u \cdot n = 0` and no traction along the wall
:class:`NoSlip`      :math:`u = 0`
:class:`Moving`      :math:`u = g` with :math:`g \cdot n = 0`
:class:`Inflow`      :math:`u = g`, and the density of what comes in
:class:`Outflow`     :math:`\mu \, \partial_n u - p n = \tfrac12 \rho \min(u \cdot n, 0)
                     u`, which lets a channel's flow leave as it is; the right-hand
                     side acts where the flow returns, and takes no energy from outside
                     (M. Braack and P. B. Mucha, J. Comput. Math. 32 (2014) 507-521)
:class:`Periodic`    all fields are equal at points a shift apart
===================  ================================================================

For :func:`reference_fem.poisson.solve`, with head h and flux q,
:class:`Head` is :math:`h = g` and :class:`Flux` is :math:`q \cdot n = g`.

Velocities are functions of points (dim, N), or of points and a time, with values
(dim, N).
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._arrays import Array, SpaceFunction, SpaceTimeFunction

__all__ = [
    "BoundaryCondition",
    "Flux",
    "FreeSlip",
    "Head",
    "Inflow",
    "Moving",
    "NoSlip",
    "Outflow",
    "Periodic",
    "at_times",
]

BoundaryVelocity = SpaceFunction | SpaceTimeFunction
"""Points (dim, N), or points and a time, to velocities (dim, N)."""


@dataclass(frozen=True)
class FreeSlip:
    """A wall along which the fluid slides without friction."""


@dataclass(frozen=True)
class NoSlip:
    """A wall at which the fluid rests."""


@dataclass(frozen=True)
class Moving:
    """A wall that moves along itself, and the fluid with it.

    Attributes:
        velocity: Velocity of the wall, points (dim, N) -> (dim, N), or of points and
            a time.

    Raises:
        ValueError: If the velocity is not callable.
    """

    velocity: BoundaryVelocity

    def __post_init__(self) -> None:
        _check_callable("Moving velocity", self.velocity)


@dataclass(frozen=True)
class Inflow:
    """A part of the boundary with a given velocity, into the domain or out of it.

    Attributes:
        velocity: Velocity, points (dim, N) -> (dim, N), or of points and a time.
        density: Density of what comes in, points (dim, N) -> (N,), or of points and
            a time.

    Raises:
        ValueError: If one of them is not callable.
    """

    velocity: BoundaryVelocity
    density: BoundaryVelocity

    def __post_init__(self) -> None:
        _check_callable("Inflow velocity", self.velocity)
        _check_callable("Inflow density", self.density)


@dataclass(frozen=True)
class Outflow:
    """An open end; the pressure there is 0 where the flow leaves without change."""


@dataclass(frozen=True)
class Periodic:
    """One of two opposite sides; the pair's ``where`` describes this one.

    Attributes:
        shift: Vector (dim,) from this side to the other.

    Raises:
        ValueError: If the shift is not a finite vector other than zero.
    """

    shift: Sequence[float]

    def __post_init__(self) -> None:
        shift = np.asarray(self.shift, dtype=np.float64)
        if shift.ndim != 1 or not np.isfinite(shift).all() or not shift.any():
            raise ValueError(
                "Periodic shift must be a finite vector from one side to the other, "
                f"got {self.shift!r}; for the unit square's left side it is (1, 0)"
            )


@dataclass(frozen=True)
class Head:
    """A part of the boundary with a given head.

    Attributes:
        head: Head, points (dim, N) -> (N,).

    Raises:
        ValueError: If the head is not callable.
    """

    head: SpaceFunction

    def __post_init__(self) -> None:
        _check_callable("Head head", self.head)


@dataclass(frozen=True)
class Flux:
    """A part of the boundary with a given flux through it.

    Attributes:
        flux: Flux outwards per area, points (dim, N) -> (N,); by default none.

    Raises:
        ValueError: If the flux is not callable.
    """

    flux: SpaceFunction = field(default=lambda x: 0 * x[0])

    def __post_init__(self) -> None:
        _check_callable("Flux flux", self.flux)


BoundaryCondition = (
    FreeSlip | NoSlip | Moving | Inflow | Outflow | Periodic | Head | Flux
)
"""What may hold on a part of the boundary."""


def _check_callable(name: str, value: Any) -> None:
    if not callable(value):
        raise ValueError(
            f"{name} must be a function of points (dim, N), got {value!r}; write "
            "for example lambda x: 1 + 0 * x"
        )


def at_times(function: Callable[..., Array]) -> SpaceTimeFunction:
    """Return a function of points and a time; one of points alone does not change.

    Args:
        function: Function of points, or of points and a time. A second argument with a
            default is the time only if its name is ``t`` or ``time``.

    Raises:
        ValueError: If it cannot be told which of the two it is.
    """
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    taken = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind in kinds
    ]
    if len(taken) == 1:
        return lambda x, t: function(x)
    is_time = len(taken) == 2 and (
        taken[1].default is inspect.Parameter.empty or taken[1].name in ("t", "time")
    )
    if not is_time:
        names = ", ".join(parameter.name for parameter in taken)
        raise ValueError(
            "a function on the boundary must take points x (dim, N), or points x and a "
            f"time t, got one of ({names}); write a lambda of x, or of x and t"
        )
    return function
