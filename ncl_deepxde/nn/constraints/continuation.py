"""The end of one network as the exact initial state of the next."""

from __future__ import annotations

from itertools import product
from typing import Any

import torch
from torch import Tensor

from ...jets.jets import jet_of_callable, jet_space
from ...jets.remembered import Remembered, weights_state
from ...jets.served import serve
from ..base.conversion import slowed
from .start_and_wall import check_ramp, elapsed

__all__ = ["Continuation"]


class Continuation:
    r"""The end of one network as the exact initial state of the next.

    The flux :math:`(\rho, m)` of the earlier network, played on a clock
    :math:`c(t) = t_1 + \tau(1 - e^{-(t - t_1)/\tau})` that slows down to a halt,

    .. math:: \rho' = \rho(x, c(t)), \qquad
        m' = \bar m + \dot c(t)\, (m(x, c(t)) - \bar m) ,

    obeys continuity where the earlier one does, and is its state at :math:`t_1`, where
    :math:`\dot c = 1`. Free outputs go on as :math:`p(x, c(t))`. Before the seam the
    clock is the time itself.

    Called on inputs (N, d + 1), it returns the outputs (N, C) with their first
    derivatives served. It does not train the earlier network.

    Args:
        net: The earlier network, of outputs (rho, m, extras); one of ours, or any.
        time: The seam :math:`t_1`.
        ramp: The time :math:`\tau`.

    Raises:
        ValueError: A ramp that is not a positive time, or a seam that is no time.
    """

    has_momentum = True

    def __init__(self, net: Any, time: float, ramp: float) -> None:
        check_ramp("Continuation", time, ramp)
        self.net, self.time, self.ramp = net, time, ramp
        self._remembered = Remembered(self._levels)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (N, C), for inputs (N, d + 1)."""
        order = min(1, getattr(self.net, "served", 1))
        return serve(self.levels, inputs, order, self.state)

    def state(self) -> tuple[object, ...]:
        """Return what tells by its value whether the weights are still the same."""
        return weights_state(self.net)

    def factor(self, t: Tensor) -> Tensor:
        r"""Return what vanishes at the seam, :math:`1 - e^{-(t - t_1)/\tau}`."""
        return elapsed((t - self.time).clamp(min=0), self.ramp) / self.ramp

    def check(self, num_inputs: int, num_outputs: int, served: int) -> None:
        """Raise ``ValueError`` unless a network of these numbers can go on from it."""
        most = getattr(self.net, "served", served)
        if served > most:
            raise ValueError(
                f"served: must be at most {most}, that of the network which is "
                f"continued, got {served}."
            )
        probe = torch.full((2, num_inputs), 0.5).to(next(self.net.parameters()))
        with torch.no_grad():
            shape = tuple(self.net(probe).shape)
        if shape != (2, num_outputs):
            raise ValueError(
                f"initial: the network which is continued must have {num_outputs} "
                f"outputs as this one, got {shape[-1]}. Give both the same layer_sizes."
            )

    def momentum_at(self, x: Tensor) -> Tensor:
        """Return the momentum at the seam, (N, d), at points (N, d)."""
        x = x.to(next(self.net.parameters()))
        inputs = torch.cat([x, torch.full_like(x[:, :1], self.time)], dim=1)
        return self.levels(inputs, 0)[0][:, 1 : inputs.shape[1]].detach()

    def levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        """Return the outputs (N, C) and their first ``order`` derivatives.

        Args:
            inputs: Shape (N, d + 1), time last.
            order: At most 2.
        """
        return self._remembered(inputs, order, self.state())

    def _levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        t = inputs[:, -1:]
        dt = (t - self.time).clamp(min=0)
        rates = [torch.exp(-dt / self.ramp)]
        for _ in range(order):
            rates.append(-rates[-1] / self.ramp * (t >= self.time))
        clock = t - dt + elapsed(dt, self.ramp)
        earlier = torch.cat([inputs[:, :-1], clock], dim=1)
        if hasattr(self.net, "flux_levels"):
            levels = self.net.flux_levels(earlier, order)
        else:
            levels = _nested_levels(self.net, earlier, order)
        return slowed(levels, rates, self.mean_momentum(inputs))

    def mean_momentum(self, inputs: Tensor) -> Tensor:
        r"""Return the mean of the earlier momentum, (d,), zero if unknown.

        Args:
            inputs: Shape (N, d + 1), for the dtype and the device.
        """
        if hasattr(self.net, "mean_momentum"):
            mean: Tensor = self.net.mean_momentum(inputs)
            return mean
        return inputs.new_zeros(inputs.shape[1] - 1)


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
