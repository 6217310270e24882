"""The end of one network as the exact initial state of the next."""

from __future__ import annotations

from itertools import product
from typing import Any

import torch
from torch import Tensor

from ..jets import jet_of_callable, jet_space
from ._conversion import slowed
from ._remembered import Remembered
from ._served import serve
from .constraints import check_ramp, elapsed

__all__ = ["Continuation"]


class Continuation:
    r"""The end of one network as the exact initial state of the next.

    The flux :math:`(\rho, m)` of the earlier network, played on a clock
    :math:`c(t) = t_1 + \tau(1 - e^{-(t - t_1)/\tau})` that slows down to a halt,

    .. math:: \rho' = \rho(x, c(t)), \qquad
        m' = \bar m + \dot c(t)\, (m(x, c(t)) - \bar m) ,

    obeys continuity where the earlier one does, and is its state at :math:`t_1`, where
    :math:`\dot c = 1`. Free outputs go on as :math:`p(x, c(t))`.

    Called on inputs (N, d + 1), it returns the outputs (N, C) with their first
    derivatives served. It does not train the earlier network.

    Args:
        net: The earlier network, of outputs (rho, m, extras); one of ours, or any.
        time: The seam :math:`t_1`.
        ramp: The time :math:`\tau`.

    Raises:
        ValueError: A ramp that is not a positive time.
    """

    has_momentum = True

    def __init__(self, net: Any, time: float, ramp: float) -> None:
        check_ramp("Continuation", ramp)
        self.net, self.time, self.ramp = net, time, ramp
        self._remembered = Remembered(self._levels)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (N, C), for inputs (N, d + 1)."""
        return serve(self.levels, inputs, 1)

    def factor(self, t: Tensor) -> Tensor:
        r"""Return what vanishes at the seam, :math:`1 - e^{-(t - t_1)/\tau}`."""
        return elapsed(t - self.time, self.ramp) / self.ramp

    def levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        """Return the outputs (N, C) and their first ``order`` derivatives.

        Args:
            inputs: Shape (N, d + 1), time last.
            order: At most 2.
        """
        state = tuple((id(p), p._version) for p in self.net.parameters())
        return self._remembered(inputs, order, state)

    def _levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        dt = inputs[:, -1:] - self.time
        rates = [torch.exp(-dt / self.ramp)]
        for _ in range(order):
            rates.append(-rates[-1] / self.ramp)
        clock = self.time + elapsed(dt, self.ramp)
        earlier = torch.cat([inputs[:, :-1], clock], dim=1)
        if hasattr(self.net, "flux_levels"):
            levels = self.net.flux_levels(earlier, order)
        else:
            levels = _nested_levels(self.net, earlier, order)
        return slowed(levels, rates, self.mean_flux(inputs.shape[1])[1:].to(inputs))

    def mean_flux(self, length: int = 0) -> Tensor:
        r"""Return the means of the earlier flux, (d + 1,), zero if unknown."""
        if hasattr(self.net, "mean_flux"):
            mean: Tensor = self.net.mean_flux()
            return mean
        return torch.zeros(length)


def _nested_levels(net: Any, inputs: Tensor, order: int) -> list[Tensor]:
    """Return the outputs of any network with their derivatives, (N, C, dim, ...)."""
    dim = inputs.shape[1]
    space = jet_space(dim, order)
    streams = jet_of_callable(net, inputs, space)
    levels = [streams[0]]
    for level in range(1, order + 1):
        axes = [range(dim)] * level
        rows = [
            streams[space.position[tuple(index.count(i) for i in range(dim))]]
            for index in product(*axes)
        ]
        stacked = torch.stack(rows, dim=-1)
        levels.append(stacked.reshape(*streams.shape[1:], *[dim] * level))
    return levels
