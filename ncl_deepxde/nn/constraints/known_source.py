r"""Known sources, built in exactly by their antiderivative in time.

.. math:: q = \ldots + S, \qquad S(x, t) = \int_{t_0}^t s(x, \tau)\,d\tau
    \quad\Rightarrow\quad \partial_t S = s .
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
from .joined import ChannelGroup, joined
from .start_and_wall import PointFunction, jumps, shaped

__all__ = ["KnownSource", "Supply", "SupplyCheck", "supplied", "supply_of"]

# Part of the largest rate by which a rule may miss it: round-off of its sums, which
# grow by their differentiation.
MISS = {torch.float64: 1e-10, torch.float32: 1e-3}


@dataclass(frozen=True)
class KnownSource:
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
                "KnownSource: rate or antiderivative must be given, got neither. Give "
                "the function s of (x, t)."
            )


@dataclass(frozen=True)
class Supply:
    r"""What a known source has added since a start.

    .. math:: S(x, t) = \int_{t_0}^t s(x, \tau)\,d\tau

    Where a network goes on from an earlier one, whose source has been slowed down with
    its clock :math:`c(t)`, it adds what is missing, the integral from :math:`c(t)` on.

    Attributes:
        known: The source.
        start: The time :math:`t_0`.
        clock: The function c of times (N, 1), in place of :math:`t_0`.
    """

    known: KnownSource
    start: float = 0.0
    clock: PointFunction | None = None

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return S, (N, 1), at inputs (N, d + 1)."""
        x, t = inputs[:, :-1], inputs[:, -1:]
        begin = self.clock(t) if self.clock else torch.full_like(t, self.start)
        if self.known.antiderivative is not None:
            at_start = torch.cat([x, begin], dim=1)
            return self._of("antiderivative", inputs) - self._of(
                "antiderivative", at_start
            )
        nodes, weights = np.polynomial.legendre.leggauss(self.known.nodes)
        total = torch.zeros_like(t)
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            at = torch.cat([x, begin + float(node) * (t - begin)], dim=1)
            total = total + float(weight) * self._of("rate", at)
        return (t - begin) * total

    def rate(self, inputs: Tensor) -> Tensor:
        r"""Return s, (N, 1), at inputs (N, d + 1)."""
        return self._of("rate", inputs) if self.known.rate else self.slope(inputs)

    def slope(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`\partial_t S` of a fixed start, (N, 1), at (N, d + 1)."""
        whole = replace(self, clock=None)
        return jet_of_callable(whole, inputs, jet_space(inputs.shape[1], 1))[-1]

    def first_rate(self, inputs: Tensor) -> float:
        """Return the largest rate at the start; at the inputs it may vanish."""
        t = torch.full_like(inputs[:, -1:], self.start)
        at_start = torch.cat([inputs[:, :-1], t], dim=1)
        return float(self._of("rate", at_start).detach().abs().max())

    def _of(self, name: str, inputs: Tensor) -> Tensor:
        function: PointFunction = getattr(self.known, name)
        value = function(inputs)
        return shaped(f"{name} of known_sources", value, (len(inputs), 1))


class SupplyCheck:
    r"""Whether :math:`\partial_t S` is s, told at the first points that are met.

    Args:
        supply: What the source adds.
    """

    def __init__(self, supply: Supply) -> None:
        self.supply = supply
        self._points = [
            PointwiseCheck(f"{name} of known_sources", is_kept=True)
            for name in ("rate", "antiderivative")
        ]
        self._is_known = False

    def __call__(self, inputs: Tensor) -> None:
        """Check the source at inputs (N, d + 1), until it is known.

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
        if self._is_known or in_functorch() or not len(inputs) or known.rate is None:
            return
        with torch.inference_mode(False), torch.enable_grad():
            self._compare(inputs.detach().clone())
        self._is_known = True

    def _compare(self, x: Tensor) -> None:
        supply, known = self.supply, self.supply.known
        rate = supply.rate(x).detach()
        miss = float((supply.slope(x).detach() - rate).abs().max())
        if miss <= MISS[x.dtype] * max(float(rate.abs().max()), supply.first_rate(x)):
            return
        if known.antiderivative is not None:
            raise ValueError(
                "known_sources: rate must be the derivative of antiderivative by the "
                f"time, got functions that differ by {miss:.1e}. Leave one of them out."
            )
        raise ValueError(
            f"known_sources: the rate must be resolved by {known.nodes} nodes between "
            f"the start, {supply.start:g}, and the times of the inputs, got a "
            f"derivative of its integral that differs by {miss:.1e}. Raise nodes, or "
            "give its antiderivative in time."
        )


def supply_of(
    given: KnownSource | PointFunction | None,
    periods: Sequence[float | None],
    start: float,
    clock: PointFunction | None = None,
) -> Supply | None:
    """Return what a source as the user gave it adds, ``None`` for nothing.

    Args:
        given: The source; a function is its rate.
        periods: Period of each space axis, ``None`` where not periodic.
        start: Time from which it adds.
        clock: As for ``Supply``.

    Raises:
        ValueError: No source, one that needs numpy or is trained, or one without the
            periods of the network.
    """
    if given is None:
        return None
    known = given if isinstance(given, KnownSource) else KnownSource(given)
    supply = Supply(known, start, clock)
    for name in ("rate", "antiderivative"):
        function = getattr(known, name)
        if function is not None:
            check_without_points(f"{name} of known_sources", function, len(periods) + 1)
    if any(period is not None for period in periods):
        spread = torch.linspace(0.1, 0.6, 7)[:, None] * torch.ones(len(periods) + 1)
        for axis, jump in jumps(Supply(known, start), spread + start, periods):
            raise ValueError(
                f"periods: known_sources must have the period {periods[axis]} of axis "
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
    parts = [[Summand((), 0)], [Summand((time,), 0)]]
    known = ChannelGroup(parts, 0, Ansatz(supply, 0, 1))
    (rows, (q, s)), channel_map = joined([group, known], 0)
    found = [list(row) for row in rows]
    found[0] += q
    if len(found) > 1 + time:
        found[-1] += s
    return ChannelGroup(found, group.num_channels, channel_map)
