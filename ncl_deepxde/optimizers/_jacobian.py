r"""The Jacobian of the residual vector, in parts that know how to multiply.

With the inputs :math:`h_{sn}` of a layer and the gradients :math:`g_{sn}` of its
outputs, row :math:`n` is :math:`\sum_s g_{sn} h_{sn}^T`. Products with vectors need no
row at all; the kernel :math:`J J^T` is a sum over parameters, one at a time in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["BiasPart", "DensePart", "Jacobian", "Part", "WeightPart"]

# Rows of the kernel are computed in panels up to the diagonal: 7/12 of the work.
PANELS = 6


class Part(Protocol):
    """The derivative of N residuals by one parameter with P entries."""

    def rows(self) -> Tensor:
        """Return the matrix, shape (N, P)."""
        ...

    def push(self, direction: Tensor) -> Tensor:
        """Return its product with a tensor of the parameter's shape, shape (N,)."""
        ...

    def pull(self, vector: Tensor) -> Tensor:
        """Return the transposed product with (N,), of the parameter's shape."""
        ...


@dataclass(frozen=True)
class DensePart:
    """A part as a matrix (N, P) and the parameter's shape."""

    matrix: Tensor
    shape: torch.Size

    def rows(self) -> Tensor:
        """See ``Part``."""
        return self.matrix

    def push(self, direction: Tensor) -> Tensor:
        """See ``Part``."""
        return self.matrix @ direction.flatten()

    def pull(self, vector: Tensor) -> Tensor:
        """See ``Part``."""
        return (vector @ self.matrix).reshape(self.shape)


@dataclass(frozen=True)
class WeightPart:
    """The part of a layer's weight: inputs ``h`` (S, N, in), gradients (S, N, out)."""

    h: Tensor
    g: Tensor

    def rows(self) -> Tensor:
        """See ``Part``."""
        return (self.g.permute(1, 2, 0) @ self.h.transpose(0, 1)).flatten(1)

    def push(self, direction: Tensor) -> Tensor:
        """See ``Part``."""
        return (self.g * (self.h @ direction.T)).sum((0, 2))

    def pull(self, vector: Tensor) -> Tensor:
        """See ``Part``."""
        return (self.g * vector[:, None]).flatten(0, 1).T @ self.h.flatten(0, 1)


@dataclass(frozen=True)
class BiasPart:
    """The part of a layer's bias: gradients (N, out)."""

    g: Tensor

    def rows(self) -> Tensor:
        """See ``Part``."""
        return self.g

    def push(self, direction: Tensor) -> Tensor:
        """See ``Part``."""
        return self.g @ direction

    def pull(self, vector: Tensor) -> Tensor:
        """See ``Part``."""
        return vector @ self.g


@dataclass(frozen=True)
class Jacobian:
    """The residual vector with its derivatives.

    Attributes:
        residuals: Shape (R,).
        sizes: Number of residuals of each part, R in sum.
        blocks: For every parameter, its parts in this order.
    """

    residuals: Tensor
    sizes: Sequence[int]
    blocks: Sequence[Sequence[Part]]

    @classmethod
    def of(cls, values: Sequence[Tensor], blocks: Iterable[Sequence[Part]]) -> Jacobian:
        """Join residuals (N,) and, for every parameter, their derivatives."""
        return cls(torch.cat(list(values)), [len(v) for v in values], list(blocks))

    def kernel(self) -> Tensor:
        r"""Return the lower triangle of :math:`J J^T`, shape (R, R), in float64."""
        size = len(self.residuals)
        K = self.residuals.new_zeros(size, size, dtype=torch.float64)
        edges = [size * i // PANELS for i in range(PANELS + 1)]
        for block in self.blocks:
            # In float32 the sums lose definiteness below a damping of 1e-6.
            J = torch.cat([part.rows() for part in block]).double()
            for start, stop in pairwise(edges):
                K[start:stop, :stop].addmm_(J[start:stop], J[:stop].T)
        return K

    def push(self, direction: Sequence[Tensor]) -> Tensor:
        """Return J times one tensor per parameter, shape (R,)."""
        total = torch.zeros_like(self.residuals)
        for block, tensor in zip(self.blocks, direction, strict=True):
            total += torch.cat([part.push(tensor) for part in block])
        return total

    def pull(self, vector: Tensor) -> list[Tensor]:
        """Return J^T times a vector (R,), one tensor per parameter."""
        pieces = torch.split(vector, list(self.sizes))
        return [
            torch.stack([p.pull(v) for p, v in zip(b, pieces, strict=True)]).sum(0)
            for b in self.blocks
        ]
