r"""Known fluxes through open parts of the boundary, built in exactly.

What a network adds beside a wall vanishes in direction n there, so that with

.. math:: (q, F) = \ldots + (-\nabla\cdot P, G), \qquad P = \int_{t_0}^t G\,d\tau,
    \qquad \partial_t(-\nabla\cdot P) + \nabla\cdot G = 0

the flux through it is :math:`F\cdot n = G\cdot n`, whatever the weights. At the time
:math:`t_0` nothing is added to the state, and G to the flux.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from torch import Tensor

from ...potentials.differential_operator import Summand
from ..base.checks import check_positive
from .ansatz import Ansatz
from .continuation import ContinuedLaw
from .joined import ChannelGroup, with_added
from .known_source import KnownRate, Supply
from .start_and_wall import InitialState, PointFunction, shaped

__all__ = ["KnownFlux", "beside_flux", "check_ends", "crossed"]

OfTime = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class KnownFlux(KnownRate):
    r"""A flux :math:`G(x, t)` that is added to that of a law whatever the weights.

    On a wall the flux of the law is then :math:`F\cdot n = G\cdot n`: take the open
    parts of the boundary, where the flux is known, as wall. What flows in inside,
    :math:`-\int\nabla\cdot G\,dt`, is added to the state, so that the law stays exact
    and the total changes by what is let in and out.

    Attributes:
        rate: G, inputs (N, d + 1) -> (N, d), in smooth torch operations without
            trainable parameters. Not needed beside an antiderivative.
        antiderivative: A function P with :math:`\partial_t P = G`, (N, d + 1) -> (N,
            d), such as counts that were summed over time. Without, it is Gauss-Legendre
            quadrature from the start, refused where ``nodes`` do not resolve G.
        nodes: Nodes of the quadrature.

    Raises:
        ValueError: Neither rate nor antiderivative, or no nodes.

    Example:
        >>> import torch
        >>> filling = KnownFlux.of_ends(0.0, 2.0, [torch.sin, torch.zeros_like])
        >>> filling.rate(torch.tensor([[1.0, 0.0]]))  # half of both ends in the middle
        tensor([[0.]])
    """

    @classmethod
    def of_ends(
        cls,
        low: float,
        high: float,
        rates: Sequence[OfTime] | None = None,
        *,
        antiderivatives: Sequence[OfTime] | None = None,
        nodes: int = 24,
    ) -> KnownFlux:
        r"""Return a flux in one dimension that is known at both ends.

        .. math:: G(x, t) = \frac{(b - x)\,F_a(t) + (x - a)\,F_b(t)}{b - a}

        Build the network with ``wall=Wall.of(dde.geometry.Interval(low, high))``. Both
        fluxes are in the direction of x: at ``low`` a positive one flows in.

        Args:
            low: The end a.
            high: The end b.
            rates: :math:`F_a, F_b`, functions of times (N, 1) -> (N, 1).
            antiderivatives: Functions whose derivatives these are.
            nodes: As for ``KnownFlux``.

        Raises:
            ValueError: No interval, or not two functions.
        """
        check_ends(low, high)
        rate, summed = (
            None if pair is None else _BetweenEnds(float(low), float(high), tuple(pair))
            for pair in (rates, antiderivatives)
        )
        return cls(rate=rate, antiderivative=summed, nodes=nodes)


@dataclass(frozen=True)
class _BetweenEnds:
    """What is linear between functions of time at both ends, (N, 2) -> (N, 1)."""

    low: float
    high: float
    ends: tuple[OfTime, ...]

    def __post_init__(self) -> None:
        if len(self.ends) != 2 or not all(map(callable, self.ends)):
            raise ValueError(
                "rates: must be two functions of time, one for each end, got "
                f"{self.ends!r}. Give torch.zeros_like where nothing flows."
            )

    def __call__(self, inputs: Tensor) -> Tensor:
        x, t = inputs[:, :1], inputs[:, 1:2]
        share = (x - self.low) / (self.high - self.low)
        a, b = (shaped("rates", end(t), (len(t), 1)) for end in self.ends)
        return (1 - share) * a + share * b


def check_ends(low: Any, high: Any) -> None:
    """Raise ``ValueError`` unless these are the ends of an interval."""
    for name, end in {"low": low, "high": high}.items():
        if not isinstance(end, Real):
            raise ValueError(f"{name}: must be a number, got {end!r}.")
    check_positive(**{"high - low": high - low})


def crossed(group: ChannelGroup, flux: Supply | None) -> ChannelGroup:
    """Return the channels of a law (q, F, ...) with a known flux.

    Args:
        group: Channels of the law; its first components are q and F.
        flux: What a known flux has carried, if there is one.
    """
    if flux is None:
        return group
    d = flux.columns
    parts = [[Summand((i,), i, -1) for i in range(d)]]
    parts += [[Summand((d,), i)] for i in range(d)]
    known = ChannelGroup(parts, 0, Ansatz(flux, 0, d))
    return with_added(group, known, range(1 + d))


def beside_flux(
    initial: InitialState | ContinuedLaw | None, flux: Supply | None
) -> InitialState | ContinuedLaw | None:
    """Return what a law starts from without the flux that is added at the start.

    Args:
        initial: State that the law starts from, if it is hard.
        flux: What a known flux has carried since, if there is one.
    """
    if flux is None or initial is None or not initial.has_momentum:
        return initial
    known = flux

    def rest(x: Tensor, whole: PointFunction = initial.momentum_at) -> Tensor:
        return whole(x) - known.first_rate(x)

    if isinstance(initial, InitialState):
        return replace(initial, momentum=rest, velocity=None)
    return initial.with_momentum(rest)
