r"""The potential of a state that is nowhere negative, between ends of known flux.

.. math:: \varphi = -P_a(t) + m(t)\,C(x, t), \qquad
    C = (1 - f(t))\,\frac{\varphi_0(x)}{m_0} + f(t)\,M_t\Big(\frac{x - a}{b - a}\Big) ,

with what has passed the ends, :math:`P = \int F\,dt`, the total :math:`m = m_0 + P_a -
P_b`, the integral :math:`\varphi_0` of the first state and a factor f from 0 at the
start to 1. C grows from 0 at a to 1 at b. Hence :math:`q = \partial_x\varphi \ge 0`,
:math:`F = -\partial_t\varphi` is the known flux at both ends, q is the first state at
the start, and :math:`\int q\,dx = m`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ...jets.jets import StreamTable, in_functorch, jet_of_callable, product
from ...jets.remembered import Remembered
from ..base.channels import ChannelMap
from .known_source import Supply
from .monotone_map import monotone_maps
from .start_and_wall import InitialState

__all__ = ["MonotonePotential", "StateBetween"]


@dataclass(frozen=True)
class StateBetween:
    """What is known of a state between two ends.

    Attributes:
        low: The end a.
        high: The end b.
        total: The first total :math:`m_0`, positive.
        initial: The first state, if it is hard.
        summed: Its integral from a, if it is hard.
        passed: What has passed, at any place of the ends, if they are open.
    """

    low: float
    high: float
    total: float
    initial: InitialState | None = None
    summed: Supply | None = None
    passed: Supply | None = None

    def __call__(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`y, -P_a, m, f, C_0`, (N, 5), at inputs (N, 2)."""
        x, t = inputs.tensor_split(2, dim=1)
        y = (x - self.low) / (self.high - self.low)
        none = torch.zeros_like(t)
        a, b = (self._passed(end, t) for end in (self.low, self.high))
        f, before = none + 1, none
        if self.initial is not None and self.summed is not None:
            f, before = self.initial.factor(t), self.summed(x) / self.total
        return torch.cat([y, -a, self.total + a - b, f, before], dim=1)

    def _passed(self, end: float, t: Tensor) -> Tensor:
        if self.passed is None:
            return torch.zeros_like(t)
        return self.passed(torch.cat([torch.full_like(t, end), t], dim=1))

    @cached_property
    def begin(self) -> float:
        """The first time; before it the state would not be one of the law."""
        return -torch.inf if self.initial is None else self.initial.time

    def check(self, inputs: Tensor) -> None:
        """Refuse inputs (N, 2) at which the state could be negative.

        Raises:
            ValueError: A time before the start, a place outside, or a total below 0.
        """
        if in_functorch():
            return  # values are not known inside
        x, t = inputs.detach().tensor_split(2, dim=1)
        slack = 1e-6 * (self.high - self.low)
        if bool(((x < self.low - slack) | (x > self.high + slack)).any()):
            raise ValueError(
                f"inputs: places must be between {self.low:g} and {self.high:g}, got "
                f"{float(x.min()):g} to {float(x.max()):g}. Give a wider interval."
            )
        if bool((t < self.begin).any()):
            raise ValueError(
                f"inputs: times must not be before the start, {self.begin:g}, got "
                f"{float(t.min()):g}. Give an InitialState of an earlier time."
            )
        total = self(inputs.detach())[:, 2]
        if bool((total < 0).any()):
            raise ValueError(
                "lifting: more must not flow out than there is and flows in, got the "
                f"total {float(total.min()):.1e}. Mend the fluxes at the ends."
            )


class MonotonePotential(ChannelMap):
    """The map from the channels of the maps to these and the potential.

    Args:
        known: What is known of the state.
        maps: Number of maps.
    """

    num_fixed = 1

    def __init__(self, known: StateBetween, maps: int) -> None:
        self.known, self.maps = known, maps
        self._given: Remembered[StreamTable, Any] = Remembered(self._jet)

    def __call__(self, streams: Tensor, inputs: Tensor, space: StreamTable) -> Tensor:
        """See ``ChannelMap``."""
        y, shift, total, f, before = self._given(inputs, space).split(1, dim=-1)
        share = monotone_maps(y, streams, self.maps, space)
        # Sums of positive terms alone, so that rounding makes no state negative.
        rest = torch.cat([1 - f[:1], -f[1:]])
        mixed = product(rest, before, space) + product(f, share, space)
        phi = shift + product(total, mixed, space)
        return torch.cat([streams, phi], dim=-1)

    def _jet(self, inputs: Tensor, space: StreamTable) -> Tensor:
        return jet_of_callable(self.known, inputs, space)
