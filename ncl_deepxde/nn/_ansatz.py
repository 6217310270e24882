"""Factors and fixed channels around a perceptron, on jets."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..jets import JetSpace, in_functorch, jet_of_callable, product

__all__ = ["Ansatz"]


class Ansatz:
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
        self._last: tuple[Tensor, JetSpace, Tensor] | None = None

    def __call__(self, streams: Tensor, inputs: Tensor, space: JetSpace) -> Tensor:
        """Return streams (S, N, C + K) from those of the perceptron, (S, N, C)."""
        given = self._streams(inputs, space)
        factor, fixed = given.tensor_split([self.num_channels], dim=-1)
        return torch.cat([product(factor, streams, space), fixed], dim=-1)

    def _streams(self, inputs: Tensor, space: JetSpace) -> Tensor:
        """Evaluate the function, or remember: a line search repeats its points."""
        is_traced = torch.is_grad_enabled() and inputs.requires_grad
        if is_traced or in_functorch() or torch.is_inference_mode_enabled():
            return jet_of_callable(self.function, inputs, space)
        if self._last is not None:
            points, known, streams = self._last
            if known is space and torch.equal(points, inputs):
                return streams
        streams = jet_of_callable(self.function, inputs, space)
        self._last = inputs.clone(), space, streams
        return streams

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_last": None}
