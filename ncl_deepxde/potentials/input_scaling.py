"""Coordinates in the units of a user, and the same of order one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["InputScaling"]


class InputScaling(torch.nn.Module):
    r"""The map :math:`\hat x_i = (x_i - o_i)/L_i` of the inputs.

    Args:
        origin: :math:`o_i` of each column.
        steps: :math:`L_i` of each column.

    Attributes:
        steps: As numbers.
        is_identity: Whether it leaves the inputs as they are.

    Example:
        >>> scaling = InputScaling([10.0, 0.0], [5.0, 2.0])
        >>> scaling(torch.tensor([[20.0, 1.0]]))
        tensor([[2.0000, 0.5000]])
    """

    origin: Tensor
    lengths: Tensor

    def __init__(self, origin: Sequence[float], steps: Sequence[float]) -> None:
        super().__init__()
        self.steps = tuple(steps)
        self.is_identity = not any(origin) and set(self.steps) == {1.0}
        for name, values in ("origin", origin), ("lengths", steps):
            constant = torch.as_tensor(values, dtype=torch.float64)
            self.register_buffer(name, constant, persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`\hat x`, (N, dim), of inputs x (N, dim)."""
        if self.is_identity:
            return inputs
        return (inputs - self.origin.to(inputs.dtype)) / self.lengths.to(inputs.dtype)

    def inverse(self, scaled: Tensor) -> Tensor:
        r"""Return x, (N, dim), of :math:`\hat x` (N, dim)."""
        if self.is_identity:
            return scaled
        return self.origin.to(scaled.dtype) + scaled * self.lengths.to(scaled.dtype)
