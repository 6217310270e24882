"""A positive density on an equidistant grid."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

import deepxde as dde
import torch
from torch import Tensor

__all__ = ["DensityGrid"]


class DensityGrid(torch.nn.Module):
    r"""Multilinear interpolation of :math:`\log\rho` between the nodes of a box.

    Beyond the box the value at its nearest point continues. Unlike
    ``torch.nn.functional.grid_sample`` it can be differentiated twice.

    Args:
        low: Lower corner of the box, d numbers.
        high: Upper corner.
        shape: Number of nodes of each axis, at least 2, end points included.
        noise: Standard deviation of the initial values around 0.

    Attributes:
        values: :math:`\log\rho` at the nodes, a parameter of the given shape.
    """

    low: Tensor
    high: Tensor

    def __init__(
        self,
        low: Sequence[float],
        high: Sequence[float],
        shape: Sequence[int],
        noise: float,
    ) -> None:
        super().__init__()
        real = dde.config.real(torch)
        self.values = torch.nn.Parameter(noise * torch.randn(*shape, dtype=real))
        for name, corner in ("low", low), ("high", high):
            self.register_buffer(name, torch.as_tensor(corner, dtype=real))

    def forward(self, x: Tensor) -> Tensor:
        r"""Return :math:`\log\rho`, (N, 1), at points (N, d)."""
        num_cells = torch.as_tensor(self.values.shape, device=x.device) - 1
        fraction = ((x - self.low) / (self.high - self.low)).clamp(0, 1)
        # The last node belongs to the last cell.
        cell = torch.minimum((fraction * num_cells).long(), num_cells - 1)
        w = fraction * num_cells - cell
        total = torch.zeros_like(x[:, 0])
        for corner in product((0, 1), repeat=x.shape[1]):
            at = tuple(cell[:, i] + side for i, side in enumerate(corner))
            sides = (w[:, i] if side else 1 - w[:, i] for i, side in enumerate(corner))
            total = total + prod(sides, start=self.values[at])
        return total[:, None]

    def mean_density(self) -> Tensor:
        r"""Return the mean of :math:`\rho` over the nodes, shape ()."""
        return self.values.exp().mean()
