"""Factors and fixed channels around a perceptron, on jets."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...jets.jets import StreamTable, jet_of_callable, product
from ...jets.pointwise import PointwiseCheck
from ...jets.remembered import Remembered
from ..base.channels import ChannelMap

__all__ = ["Ansatz"]


class Ansatz(ChannelMap):
    """The map from the perceptron's channels to all channels, on jets.

    Args:
        function: Factors of the C channels and K fixed channels, (N, dim) ->
            (N, C + K), without parameters.
        num_channels: C.
        num_fixed: K.
    """

    def __init__(
        self, function: Callable[[Tensor], Tensor], num_channels: int, num_fixed: int
    ) -> None:
        self.function = function
        self.num_channels, self.num_fixed = num_channels, num_fixed
        self._check = PointwiseCheck("initial, wall or lifting", is_kept=True)
        self._given = Remembered(self._jet)

    def __call__(self, streams: Tensor, inputs: Tensor, space: StreamTable) -> Tensor:
        """See ``ChannelMap``."""
        given = self._given(inputs, space)
        factor, fixed = given.tensor_split([self.num_channels], dim=-1)
        return torch.cat([product(factor, streams, space), fixed], dim=-1)

    def _jet(self, inputs: Tensor, space: StreamTable) -> Tensor:
        self._check(self.function, inputs)
        return jet_of_callable(self.function, inputs, space)
