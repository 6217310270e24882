r"""Known rates, built in exactly by their antiderivative in time: sources, fluxes.

.. math:: q = \ldots + S, \qquad S(x, t) = \int_{t_0}^t s(x, \tau)\,d\tau
    \quad\Rightarrow\quad \partial_t S = s .

.. math:: (q, F) = \ldots + (-\nabla\cdot P, \partial_t P), \qquad P(x, t) =
    \int_{t_0}^t G(x, \tau)\,d\tau \quad\Rightarrow\quad F = \ldots + G .
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ...jets.jets import in_functorch, jet_of_callable, jet_space
from ...jets.pointwise import PointwiseCheck, check_without_points
from ...potentials.differential_operator import Summand
from ..base.checks import check_counts
from .ansatz import Ansatz
from .joined import ChannelGroup, with_added
from .start_and_wall import PointFunction, jumps, shaped

__all__ = ["KnownRate", "KnownSource", "Supply", "SupplyCheck", "supplied", "supply_of"]

# Part of the largest rate by which a rule may miss it: round-off of its sums, which
# grow by their differentiation.
MISS = {torch.float64: 1e-10, torch.float32: 1e-3}


@dataclass(frozen=True)
class KnownRate:
    """What is added by the time whatever the weights: a source or a flux.

    Attributes:
        rate: Inputs (N, d + 1) -> (N, 1) or (N, d), in smooth torch operations without
            trainable parameters. Not needed beside an antiderivative.
        antiderivative: A function whose derivative by the time is the rate. Without, it
            is Gauss-Legendre quadrature of the rate from the start: round-off for rates
            that ``nodes`` resolve, and refused for others.
        nodes: Nodes of the quadrature.

    Raises:
        ValueError: Neither rate nor antiderivative, or no nodes.
    """

    rate: PointFunction | None = None
    antiderivative: PointFunction | None = None
    nodes: int = 24

    def __post_init__(self) -> None:
        check_counts(nodes=(self.nodes, 1))
        for name in ("rate", "antiderivative"):
            function = getattr(self, name)
            if function is not None and not callable(function):
                raise ValueError(
                    f"{name}: must be a function of inputs (N, d + 1) or None, got "
                    f"{function!r}."
                )
        if self.rate is None and self.antiderivative is None:
            raise ValueError(
                f"{type(self).__name__}: rate or antiderivative must be given, got "
                "neither. Give a function of (x, t)."
            )


@dataclass(frozen=True)
class KnownSource(KnownRate):
    r"""A source :math:`s(x, t)` that a law has whatever the weights.

    Attributes:
        rate: s, inputs (N, d + 1) -> (N, 1), in smooth torch operations without
            trainable parameters. Not needed beside an antiderivative.
        antiderivative: A function S with :math:`\partial_t S = s`, (N, d + 1) -> (N,
            1). Without, it is Gauss-Legendre quadrature of the rate from the start:
            round-off for rates that ``nodes`` resolve, and refused for others.
        nodes: Nodes of the quadrature.

    Raises:
        ValueError: Neither rate nor antiderivative, or no nodes.

    Example:
        >>> KnownSource(lambda z: torch.exp(-z[:, 1:])).nodes
        24
    """


@dataclass(frozen=True)
class Supply:
    r"""What a known source or flux has added since a start.

    .. math:: S(x, t) = \int_{t_0}^t s(x, \tau)\,d\tau

    Where a network goes on from an earlier one, whose rates have been slowed down with
    its clock :math:`c(t)`, it adds what is missing, the integral from :math:`c(t)` on.

    Attributes:
        known: The source, or the flux.
        start: The time :math:`t_0`.
        clock: The function c of times (N, 1), in place of :math:`t_0`.
        columns: Number C of columns of the rate: 1 of a source, d of a flux.
        argument: Name of the user's argument, for messages.
    """

    known: KnownRate
    start: float = 0.0
    clock: PointFunction | None = None
    columns: int = 1
    argument: str = "known_sources"

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return S, (N, C), at inputs (N, d + 1)."""
        x, t = inputs[:, :-1], inputs[:, -1:]
        begin = self.clock(t) if self.clock else torch.full_like(t, self.start)
        if self.known.antiderivative is not None:
            at_start = torch.cat([x, begin], dim=1)
            return self._of("antiderivative", inputs) - self._of(
                "antiderivative", at_start
            )
        nodes, weights = map(t.new_tensor, _gauss(self.known.nodes))
        # All nodes at once, (Q, N, ...): one call of the user's function.
        times = begin + nodes[:, None, None] * (t - begin)
        at = torch.cat([x.expand(len(nodes), *x.shape), times], dim=-1)
        rates = self._of("rate", at.flatten(0, 1)).reshape(
            len(nodes), len(t), self.columns
        )
        mean: Tensor = (weights[:, None, None] * rates).sum(dim=0)
        return (t - begin) * mean

    def rate(self, inputs: Tensor) -> Tensor:
        r"""Return s, (N, C), at inputs (N, d + 1)."""
        return self._of("rate", inputs) if self.known.rate else self.slope(inputs)

    def slope(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`\partial_t S` of a fixed start, (N, C), at (N, d + 1)."""
        whole = replace(self, clock=None)
        return jet_of_callable(whole, inputs, jet_space(inputs.shape[1], 1))[-1]

    def first_rate(self, x: Tensor) -> Tensor:
        """Return s at the start, (N, C), at points (N, d)."""
        return self.rate(torch.cat([x, x.new_full((len(x), 1), self.start)], dim=1))

    def _of(self, name: str, inputs: Tensor) -> Tensor:
        function: PointFunction = getattr(self.known, name)
        value = function(inputs)
        return shaped(f"{name} of {self.argument}", value, (len(inputs), self.columns))


def _gauss(nodes: int) -> tuple[list[float], list[float]]:
    """Return nodes and weights of Gauss's rule on [0, 1]."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return ((places + 1) / 2).tolist(), (weights / 2).tolist()


class SupplyCheck:
    r"""Whether :math:`\partial_t S` is s, told where points are further in time.

    A quadrature that resolves the rate over some time need not over a longer one: the
    check is repeated where inputs are further from the start than all before.

    Args:
        supply: What the source adds.
    """

    def __init__(self, supply: Supply) -> None:
        self.supply = supply
        self._points = [
            PointwiseCheck(f"{name} of {supply.argument}", is_kept=True)
            for name in ("rate", "antiderivative")
        ]
        self._reach = -1.0

    def __call__(self, inputs: Tensor) -> None:
        """Check the source at inputs (N, d + 1), until it is known so far in time.

        Raises:
            ValueError: The derivative of its integral differs from s by more than
                round-off, or a function looks at the whole batch.
        """
        known = self.supply.known
        for check, function in zip(
            self._points, (known.rate, known.antiderivative), strict=True
        ):
            if function is not None:
                check(function, inputs)
        if in_functorch() or not len(inputs) or known.rate is None:
            return
        reach = float((inputs.detach()[:, -1] - self.supply.start).abs().max())
        if reach <= self._reach:
            return
        with torch.inference_mode(False), torch.enable_grad():
            self._compare(inputs.detach().clone())
        self._reach = reach

    def _compare(self, x: Tensor) -> None:
        supply, known = self.supply, self.supply.known
        rate = supply.rate(x).detach()
        miss = float((supply.slope(x).detach() - rate).abs().max())
        # At the inputs the rate may vanish.
        first = supply.first_rate(x[:, :-1]).detach()
        if miss <= MISS[x.dtype] * float(torch.maximum(rate.abs(), first.abs()).max()):
            return
        if known.antiderivative is not None:
            raise ValueError(
                f"{supply.argument}: rate must be the derivative of antiderivative by "
                f"the time, got functions that differ by {miss:.1e}. Leave one of them "
                "out."
            )
        raise ValueError(
            f"{supply.argument}: the rate must be resolved by {known.nodes} nodes "
            f"between the start, {supply.start:g}, and the times of the inputs, got a "
            f"derivative of its integral that differs by {miss:.1e}. Raise nodes, or "
            "give its antiderivative in time."
        )


def supply_of(
    given: KnownRate | PointFunction | None,
    periods: Sequence[float | None],
    start: float,
    clock: PointFunction | None = None,
    *,
    columns: int = 1,
    argument: str = "known_sources",
) -> Supply | None:
    """Return what a source or flux as the user gave it adds, ``None`` for nothing.

    Args:
        given: The source or flux; a function is its rate.
        periods: Period of each space axis, ``None`` where not periodic.
        start: Time from which it adds.
        clock: As for ``Supply``.
        columns: As for ``Supply``.
        argument: As for ``Supply``.

    Raises:
        ValueError: No source, one that needs numpy or is trained, or one without the
            periods of the network.
    """
    if given is None:
        return None
    if not (callable(given) or isinstance(given, KnownRate)):
        raise ValueError(
            f"{argument}: must be a function of inputs (N, d + 1), an nn.KnownSource "
            f"or None, got {given!r}. Of a constant make lambda z: 0 * z[:, :1] + c."
        )
    known = given if isinstance(given, KnownRate) else KnownSource(given)
    supply = Supply(known, start, clock, columns, argument)
    for name in ("rate", "antiderivative"):
        function = getattr(known, name)
        if function is not None:
            check_without_points(f"{name} of {argument}", function, len(periods) + 1)
    if any(period is not None for period in periods):
        spread = torch.linspace(0.1, 0.6, 7)[:, None] * torch.ones(len(periods) + 1)
        whole = replace(supply, clock=None)
        for axis, jump in jumps(whole, spread + start, periods):
            raise ValueError(
                f"periods: {argument} must have the period {periods[axis]} of axis "
                f"{axis}, got functions that differ by {jump:.1e} one period on. Make "
                "them periodic, or give None for the axis."
            )
    return supply


def supplied(group: ChannelGroup, supply: Supply | None, time: int) -> ChannelGroup:
    """Return the channels of a law (q, F, s) with what a known source adds.

    Args:
        group: Channels of the law; its first component is q, and where there is one
            more than for q and F, the last is s.
        supply: What is added, if there is something.
        time: Column of the inputs that is the time, the number of components of F.
    """
    if supply is None:
        return group
    parts, places = [[Summand((), 0)]], [0]
    if len(group.components) > 1 + time:
        parts, places = [*parts, [Summand((time,), 0)]], [0, -1]
    known = ChannelGroup(parts, 0, Ansatz(supply, 0, 1))
    return with_added(group, known, places)
