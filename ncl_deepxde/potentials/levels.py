"""The outputs of a field and what is demanded beside them, from one jet."""

from __future__ import annotations

import torch
from torch import Tensor

from ..jets.collapsed import collapsed_space
from ..jets.jets import StreamTable, jet_space
from ..jets.served import Demand
from .differential_operator import DifferentialOperator
from .readout import Readout

__all__ = ["Levels"]


class Levels(torch.nn.Module):
    """The outputs of a field, their derivatives and their Laplacian.

    Args:
        outputs: Map from the channels to the outputs.
        num_channels: Number of channels.
        dim: Number of variables.
        demand: What is wanted. With a Laplacian there are first derivatives, no second.

    Attributes:
        space: Tables of the jet that it takes.
    """

    def __init__(
        self,
        outputs: DifferentialOperator,
        num_channels: int,
        dim: int,
        demand: Demand,
    ) -> None:
        super().__init__()
        self._spaces: list[StreamTable]
        if demand.axes:
            space = collapsed_space(dim, outputs.multi_indices(dim), demand.axes)
            self._spaces = [space, space]
        else:
            orders = range(outputs.order, outputs.order + demand.order + 1)
            self._spaces = [jet_space(dim, order) for order in orders]
        self.space = self._spaces[-1]
        readouts = [
            Readout(outputs.components, num_channels, space, level)
            for level, space in enumerate(self._spaces)
        ]
        if demand.axes:
            table = outputs.components, num_channels, self.space
            readouts.append(Readout(*table, level=0, axes=demand.axes))
            self._spaces.append(self.space)
        self._readouts = torch.nn.ModuleList(readouts)

    def forward(self, streams: Tensor) -> list[Tensor]:
        """Return the outputs (N, C), derivatives (N, C, dim, ...), Laplacian (N, C).

        Args:
            streams: Streams of the channels, shape (S, N, channels).
        """
        return [
            readout(streams[: len(space)])
            for readout, space in zip(self._readouts, self._spaces, strict=True)
        ]
