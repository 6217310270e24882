r"""What the layers of a flow have in common.

A layer is a bijection :math:`x \mapsto y` of :math:`\mathbb{R}^d` for every time. It is
evaluated on *streams*, a tensor (S, N, d): the value, then its derivatives by
:math:`x_1..x_d`, then the one by time; S is 1, 1 + d or 2 + d. What a layer needs to
know about time are *coefficients*, numbers that a network of time provides with as many
time derivatives as there are time streams.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any

import torch
from torch import Tensor

from .moments import Moments

__all__ = ["Bijection"]


class Bijection(torch.nn.Module, ABC):
    """One layer, invertible at every time.

    Attributes:
        num_coefficients: Numbers K wanted from the network of time.
    """

    num_coefficients: int = 0

    @property
    def kind(self) -> Hashable:
        """What layers must share to be prepared together."""
        return id(self)

    def start_coefficients(self) -> Tensor:
        """Return the coefficients (K,) before training, the same at all times."""
        return torch.zeros(0)

    def start(self, x: Tensor) -> None:
        """Adapt to the points (N, d) that the layer sees first; nothing by default."""

    @classmethod
    def prepare(cls, layers: Sequence[Any], coefficients: Tensor) -> list[Any]:
        """Return per layer what depends on weights and time alone.

        Args:
            layers: B layers of one kind.
            coefficients: Shape (1 or 2, T, B, K), value and time derivative.
        """
        return [None] * len(layers)

    @abstractmethod
    def forward(self, x: Tensor, prepared: Any, moments: Moments) -> Tensor:
        """Return the streams of y, (S, N, d), from those of x."""

    @abstractmethod
    def inverse(self, y: Tensor, prepared: Any, moments: Moments) -> Tensor:
        """Return x, (N, d), from y, (N, d); prepared from coefficients alone."""
