"""A fixed permutation of the axes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .bijection import Bijection
from .moments import Moments

__all__ = ["Permutation"]


class Permutation(Bijection):
    r"""The map :math:`y_i = x_{\pi(i)}`.

    Args:
        order: The axes :math:`\pi(0), \ldots, \pi(d - 1)`.

    Raises:
        ValueError: Not a permutation.
    """

    order: Tensor

    def __init__(self, order: Sequence[int]) -> None:
        super().__init__()
        if sorted(order) != list(range(len(order))):
            raise ValueError(
                f"order: must hold each of 0..d-1 once, got {tuple(order)}."
            )
        self.register_buffer("order", torch.as_tensor(order))

    def forward(self, x: Tensor, prepared: None, moments: Moments) -> Tensor:
        """See ``Bijection``."""
        return x[..., self.order]

    def inverse(self, y: Tensor, prepared: None, moments: Moments) -> Tensor:
        """See ``Bijection``."""
        return y[..., self.order.argsort()]
