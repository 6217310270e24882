"""The trained flow past the parts of a wall, joined with factors and fixed channels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...jets.jets import StreamTable, product
from ..base.channels import ChannelMap
from .ansatz import Ansatz
from .lifting import Lifted
from .time_channels import TimeChannels

__all__ = ["FlowPastParts", "ansatz_with"]


class FlowPastParts(torch.nn.Module, ChannelMap):
    r"""An ansatz whose last fixed channel, a stream function, has a trained part.

    .. math:: \psi = \psi_{\text{fixed}} + \sum_m c_m(t)\,\varphi_m(x, t)

    Args:
        function: Factors of the C channels, K fixed channels, then M functions
            :math:`\varphi_m`, (N, dim) -> (N, C + K + M).
        num_channels: C.
        num_fixed: K, at least 1.
        flows: The :math:`c_m`, M of them, at least 1.
    """

    def __init__(
        self,
        function: Callable[[Tensor], Tensor],
        num_channels: int,
        num_fixed: int,
        flows: TimeChannels,
    ) -> None:
        super().__init__()
        self.num_fixed, self.flows = num_fixed, flows
        self._ansatz = Ansatz(function, num_channels, num_fixed + flows.num)

    def forward(self, streams: Tensor, inputs: Tensor, space: StreamTable) -> Tensor:
        """See ``ChannelMap``."""
        given = self._ansatz(streams, inputs, space)
        found, shares = given.tensor_split([-self.flows.num], dim=-1)
        past = product(self.flows(inputs, space), shares, space)
        psi = found[..., -1:] + past.sum(dim=-1, keepdim=True)
        return torch.cat([found[..., :-1], psi], dim=-1)


def ansatz_with(
    function: Callable[[Tensor], Tensor],
    added: Lifted | None,
    num_channels: int,
    num_fixed: int,
    axis: int | None,
) -> ChannelMap:
    """Return the map of channels, with the trained part of a lifting if it has one.

    Args:
        function: As for ``FlowPastParts``.
        added: The lifting, if there is one.
        num_channels: C.
        num_fixed: K.
        axis: Column of the time in the inputs, ``None`` where there is none.
    """
    if added is None or not added.trained:
        return Ansatz(function, num_channels, num_fixed)
    flows = TimeChannels(len(added.trained), axis, added.size, added.times)
    return FlowPastParts(function, num_channels, num_fixed, flows)
