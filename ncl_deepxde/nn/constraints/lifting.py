r"""Known flow beside what is trained, and the flow past the parts of a wall."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from ..base.units import NetworkUnits
from .blending import Blending
from .start_and_wall import PointFunction, Wall, shaped
from .vector_potential import num_columns

__all__ = ["Lifted", "Lifting", "check_lifting", "check_mean", "lifted"]

PartFlow: TypeAlias = float | Callable[[Tensor], Tensor] | Literal["trained"]


@dataclass(frozen=True)
class Lifting:
    r"""Flow that is added to that of a network, by its potential.

    .. math:: \psi_{\text{added}} = \ell + \sum_k (c_k(t) + g_k)\,\varphi_k

    in the plane, where :math:`u = (\partial_2\psi, -\partial_1\psi)`. The function
    :math:`\varphi_k` is 1 on part k of the wall and 0 on the others, so that
    :math:`c_k - c_j` is what flows between parts j and k, across any way from j to k
    from its left to its right: between bottom j and top k of a channel, to the right.
    The parts are ``wall.components``. By default the first :math:`c_k` is 0 and the
    others are trained, so that the flow past a hole, or through a channel, is found by
    the equations. They are functions of time where the network has it, and have no
    effect at the time of an initial state.

    Attributes:
        potential: :math:`\ell`, a smooth function of the inputs, with time if there is
            one, in torch operations: the stream function, (N, 1), or in three
            dimensions the vector potential of :math:`u = \nabla\times a`, (N, 3).
        flows: :math:`c_k`, one entry for each part of the wall: a number, a smooth
            function of times (N, 1) -> (N, 1), or ``"trained"``. Only differences count
            and one entry must be known, for example 0.
        profiles: :math:`g_k`, the stream function along part k, a function of the
            inputs, or ``None`` for 0: an inflow through a side that is taken as wall,
            or a wall that moves.

    Raises:
        ValueError: An entry of a wrong kind.

    Example:
        >>> pipe = Lifting(flows=[0.0, 1.0])  # one unit of area per time to the right
    """

    potential: PointFunction | None = None
    flows: Sequence[PartFlow] | None = None
    profiles: Sequence[PointFunction | None] | None = None

    def __post_init__(self) -> None:
        if self.potential is not None and not callable(self.potential):
            raise ValueError(
                "lifting: potential must be a function of the inputs or None, got "
                f"{self.potential!r}."
            )
        for flow in self._entries("flows"):
            if not (_is_number(flow) or callable(flow) or flow == "trained"):
                raise ValueError(
                    "lifting: each of flows must be a finite number, a function of "
                    f"the time or 'trained', got {flow!r}."
                )
        for profile in self._entries("profiles"):
            if profile is not None and not callable(profile):
                raise ValueError(
                    "lifting: each of profiles must be a function of the inputs or "
                    f"None, got {profile!r}."
                )

    def _entries(self, argument: str) -> Sequence[object]:
        value = getattr(self, argument)
        if value is not None and not isinstance(value, list | tuple):
            raise ValueError(
                f"lifting: {argument} must be a list with one entry for each part of "
                f"the wall, got {value!r}."
            )
        return value or ()


@dataclass(frozen=True)
class Lifted:
    """What a lifting adds to a network: known potentials and trained ones.

    Attributes:
        lifting: The lifting as given.
        dim: Number of space dimensions d; the time, if there is one, is column d.
        blending: Functions of the parts of the wall, K of them, if it has several.
        flows: Flow of each part, K entries.
        profiles: Stream function along each part, K entries.
        size: Order of magnitude of what is trained.
        times: First and last time between which it changes by as much.
    """

    lifting: Lifting
    dim: int
    blending: Blending | None
    flows: Sequence[PartFlow]
    profiles: Sequence[PointFunction | None]
    size: float = 1.0
    times: tuple[float, float] = (-1.0, 1.0)

    @property
    def num_fixed(self) -> int:
        """Number of known potentials, 1 or 3."""
        return num_columns("lifting", self.dim)

    @property
    def is_known(self) -> bool:
        """Whether something is known that is not 0."""
        has_flow = any(flow not in (0, "trained") for flow in self.flows)
        has_profile = any(profile is not None for profile in self.profiles)
        return self.lifting.potential is not None or has_flow or has_profile

    @property
    def trained(self) -> list[int]:
        """Parts of the wall whose flow is trained."""
        return [k for k, flow in enumerate(self.flows) if flow == "trained"]

    def known(self, inputs: Tensor) -> Tensor:
        """Return the known potentials, (N, 1) or (N, 3), at inputs (N, dim)."""
        shape = (len(inputs), self.num_fixed)
        total = inputs.new_zeros(shape)
        if self.lifting.potential is not None:
            total = total + shaped("lifting", self.lifting.potential(inputs), shape)
        if self.blending is None:
            return total
        values = torch.cat([self._along(k, inputs) for k in range(len(self.flows))], 1)
        blend = self.blending(inputs[:, : self.dim])
        return total + (values * blend).sum(dim=1, keepdim=True)

    def shares(self, x: Tensor) -> Tensor:
        """Return the functions of the trained flows, (N, M), at points (N, d)."""
        if self.blending is None:
            return x[:, :0]
        return self.blending(x)[:, self.trained]

    def _along(self, k: int, inputs: Tensor) -> Tensor:
        """Return what is known of the stream function on part k, (N, 1)."""
        flow, profile, one = self.flows[k], self.profiles[k], (len(inputs), 1)
        total = torch.zeros_like(inputs[:, :1])
        if isinstance(flow, Real):
            total = total + float(flow)
        elif callable(flow):
            total = total + shaped("flows of lifting", flow(inputs[:, self.dim :]), one)
        if profile is not None:
            total = total + shaped("profiles of lifting", profile(inputs), one)
        return total


def lifted(
    given: Lifting | PointFunction | None,
    wall: Wall | None,
    dim: int,
    *,
    power: int,
    units: NetworkUnits,
    velocity: Sequence[float],
) -> Lifted | None:
    """Return what a lifting adds beside a wall, or ``None`` for nothing.

    Args:
        given: The lifting as the user gave it; a function is its potential.
        wall: Wall, if there is one.
        dim: Number of space dimensions.
        power: 1 where the wall is kept by the normal velocity, 2 by all of it.
        units: Units of the network.
        velocity: Sizes of the d components of what flows.

    Raises:
        ValueError: Flows or profiles do not fit the wall.
    """
    parts = () if wall is None else wall.components
    is_split = dim == 2 and len(parts) > 1
    if given is None and not is_split:
        return None
    lifting = given if isinstance(given, Lifting) else Lifting(given)
    num_columns("lifting", dim)
    if wall is None or not is_split:
        _check_not_split(lifting, dim)
        return Lifted(lifting, dim, None, (), ())
    wall.check_points(dim)
    blending = Blending(wall, power)
    count = len(parts)
    rest: list[PartFlow] = ["trained"] * (count - 1)
    flows = lifting.flows or [0.0, *rest]
    profiles = lifting.profiles or [None] * count
    for argument, value in {"flows": flows, "profiles": profiles}.items():
        if len(value) != count:
            raise ValueError(
                f"lifting: {argument} must have one entry for each of the {count} "
                f"parts of the wall, those through {blending.examples()}, got "
                f"{len(value)}."
            )
    time = len(units.steps) > dim
    _check_flows(flows, time)
    begin, span = (units.origin[dim], units.steps[dim]) if time else (0.0, 1.0)
    size, times = velocity[0] * units.lengths[1], (begin - span, begin + span)
    return Lifted(lifting, dim, blending, flows, profiles, size, times)


def check_mean(added: Lifted | None, argument: str, mean: Sequence[float]) -> None:
    """Refuse a constant flow beside given ones, which would not be the whole flow.

    Args:
        added: The lifting, if there is one.
        argument: Name of the constant.
        mean: The constant, d numbers.

    Raises:
        ValueError: The constant is not 0 beside ``flows``.
    """
    if added is not None and added.lifting.flows and any(mean):
        raise ValueError(
            f"{argument}: must be 0 beside the flows of lifting, which are the whole "
            f"flow between parts of the wall, got {list(mean)}. Add it to the flows, "
            "and to the potential of an initial state."
        )


def check_lifting(given: object) -> None:
    """Raise ``ValueError`` unless it is a lifting, a function or ``None``."""
    if not (given is None or isinstance(given, Lifting) or callable(given)):
        raise ValueError(
            "lifting: must be a function of the inputs that returns a potential, an "
            "nn.Lifting, of a law in time also an nn.KnownFlux, or None, got "
            f"{given!r}."
        )


def _check_not_split(lifting: Lifting, dim: int) -> None:
    for argument in ("flows", "profiles"):
        if getattr(lifting, argument):
            raise ValueError(
                f"lifting: {argument} must be None but in the plane, beside a wall of "
                f"several parts, got {argument} in {dim} dimensions. Give wall="
                "Wall.of(geometry), or Wall(function, points, components), or the "
                "potential of the flow."
            )


def _check_flows(flows: Sequence[PartFlow], time: bool) -> None:
    if all(flow == "trained" for flow in flows):
        raise ValueError(
            "lifting: one of flows must be known, since only differences count, got "
            "'trained' for all. Give the first one 0."
        )
    if not time and any(callable(flow) for flow in flows):
        raise ValueError(
            "lifting: flows must be numbers or 'trained' for a steady flow, got a "
            "function of time."
        )


def _is_number(value: object) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    return math.isfinite(float(value))
