"""Coordinates of order one, as the first layer of a flow."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .bijection import Bijection
from .moments import Moments

__all__ = ["AxisScaling"]


class AxisScaling(Bijection):
    r"""The map :math:`y_i = (x_i - o_i)/L_i`, which is not trained.

    Args:
        origin: :math:`o_i`, d numbers.
        lengths: :math:`L_i`, d positive numbers.
    """

    origin: Tensor
    lengths: Tensor

    def __init__(self, origin: Sequence[float], lengths: Sequence[float]) -> None:
        super().__init__()
        for name, values in ("origin", origin), ("lengths", lengths):
            exact = torch.as_tensor(values, dtype=torch.float64)
            self.register_buffer(name, exact, persistent=False)

    def forward(self, x: Tensor, prepared: None, moments: Moments) -> Tensor:
        """See ``Bijection``."""
        moved = torch.cat([x[:1] - self.origin.to(x.dtype), x[1:]])
        return moved / self.lengths.to(x.dtype)

    def inverse(self, y: Tensor, prepared: None, moments: Moments) -> Tensor:
        """See ``Bijection``."""
        return self.origin.to(y.dtype) + self.lengths.to(y.dtype) * y
