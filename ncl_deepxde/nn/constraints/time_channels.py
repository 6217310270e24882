"""Trained numbers, constant or functions of time, as channels on jets."""

from __future__ import annotations

import deepxde as dde
import torch
from torch import Tensor

from ...flows.time_network import TimeNetwork
from ...jets.jets import MultiIndex, StreamTable

__all__ = ["TimeChannels"]

HIDDEN = (16,)


class TimeChannels(torch.nn.Module):
    """Channels c that are the same at all places, zero or nearly so at first.

    Args:
        num: Number K of channels.
        axis: Column of the inputs that is the time; ``None`` for constants.
        size: Number that multiplies them, their order of magnitude.
        times: First and last time of order one, as for ``TimeNetwork``.
    """

    def __init__(
        self,
        num: int,
        axis: int | None,
        size: float = 1.0,
        times: tuple[float, float] = (-1.0, 1.0),
    ) -> None:
        super().__init__()
        self.num, self.axis, self.size = num, axis, size
        start = torch.zeros(num, dtype=dde.config.real(torch))
        if axis is None:
            self.constant = torch.nn.Parameter(start)
        else:
            self.network = TimeNetwork(start, HIDDEN, times, "tanh")

    def forward(self, inputs: Tensor, space: StreamTable) -> Tensor:
        """Return the streams of the channels, shape (S, N, K).

        Args:
            inputs: Shape (N, dim).
            space: Tables of the jet.
        """
        if self.axis is None:
            value = self.size * self.constant.expand(len(inputs), -1)
            rest = torch.zeros_like(value)
            return torch.stack([value, *[rest] * (len(space) - 1)])
        axis, t = self.axis, inputs[:, self.axis : self.axis + 1]
        derivatives = self.size * self.network(t, space.order)

        def along(alpha: MultiIndex) -> Tensor:
            is_by_time = sum(alpha) == alpha[axis]
            found: Tensor = derivatives[alpha[axis]]
            return found if is_by_time else torch.zeros_like(found)

        streams = []
        for first, *others in space.streams:
            stream = along(first)
            for alpha in others:
                stream = stream + along(alpha)
            streams.append(stream)
        return torch.stack(streams)
