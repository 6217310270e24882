"""The way from the channels of a perceptron to those of a field."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from ...jets.jets import StreamTable

__all__ = ["ChannelMap"]


class ChannelMap(ABC):
    """A map of jets, from a perceptron's channels to all channels of a field.

    Attributes:
        num_fixed: Number K of channels that it adds.
    """

    num_fixed: int

    @abstractmethod
    def __call__(self, streams: Tensor, inputs: Tensor, space: StreamTable) -> Tensor:
        """Return streams (S, N, C + K) from those of the perceptron, (S, N, C)."""
