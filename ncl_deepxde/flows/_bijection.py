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
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Bijection", "Moments"]


@dataclass(frozen=True)
class Moments:
    """Which of T distinct moments each of N points belongs to.

    Args:
        index: Shape (N,), or ``None`` where point n has moment n.
        number: T.
    """

    index: Tensor | None
    number: int

    def gather(self, table: Tensor) -> Tensor:
        """Return the rows (N, ...) of a table (T, ...)."""
        return table if self.index is None else table[self.index]

    def gather_columns(self, table: Tensor) -> Tensor:
        """Return the columns (K, N) of a table (T, K), each point's row upright."""
        if self.index is None:
            return table.T
        return table.T.contiguous().index_select(1, self.index)

    def scatter_columns(self, columns: Tensor) -> Tensor:
        """Return the sums (T, K) of columns (K, N), the transpose."""
        if self.index is None:
            return columns.T
        sums = columns.new_zeros(len(columns), self.number)
        return sums.index_add_(1, self.index, columns).T


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
