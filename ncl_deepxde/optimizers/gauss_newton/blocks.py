r"""The derivatives of residuals by one parameter, in forms that know how to multiply.

With the inputs :math:`h_{sn}` of a layer and the gradients :math:`g_{sn}` of its
outputs, row :math:`n` is :math:`\sum_s g_{sn} h_{sn}^T`. Products with vectors need no
row at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["BiasBlock", "DenseBlock", "JacobianBlock", "WeightBlock"]

ALL = slice(None)


class JacobianBlock(Protocol):
    """The derivative of N residuals by one parameter with P entries."""

    @property
    def shape(self) -> torch.Size:
        """The parameter's shape; its first axis counts units."""
        ...

    def rows(self, units: slice = ALL) -> Tensor:
        """Return the matrix, shape (N, P), or its columns for some units."""
        ...

    def push(self, direction: Tensor) -> Tensor:
        """Return its product with a tensor of the parameter's shape, shape (N,)."""
        ...

    def pull(self, vector: Tensor) -> Tensor:
        """Return the transposed product with (N,), of the parameter's shape."""
        ...

    def at(self, points: slice | Tensor) -> JacobianBlock:
        """Return the derivative of some of the residuals."""
        ...

    def double(self) -> JacobianBlock:
        """Return the same in float64."""
        ...

    @property
    def width(self) -> int:
        """Number of entries of a row of ``packed``."""
        ...

    def packed(self) -> Tensor:
        """Return all that the block holds, row by row (N, width)."""
        ...

    def unpacked(self, rows: Tensor) -> JacobianBlock:
        """Return the block that holds other rows, packed like those of this one."""
        ...

    def dense(self) -> JacobianBlock:
        """Return the same as a matrix."""
        ...


@dataclass(frozen=True)
class DenseBlock:
    """A matrix (N, P) and the parameter's shape."""

    matrix: Tensor
    shape: torch.Size

    def rows(self, units: slice = ALL) -> Tensor:
        """See ``JacobianBlock``."""
        units_of, width = self.shape[:1].numel(), self.shape[1:].numel()
        by_unit = self.matrix.reshape(len(self.matrix), units_of, width)
        return by_unit[:, units].flatten(1)

    def push(self, direction: Tensor) -> Tensor:
        """See ``JacobianBlock``."""
        return self.matrix @ direction.flatten()

    def pull(self, vector: Tensor) -> Tensor:
        """See ``JacobianBlock``."""
        return (vector @ self.matrix).reshape(self.shape)

    def at(self, points: slice | Tensor) -> JacobianBlock:
        """See ``JacobianBlock``."""
        return DenseBlock(self.matrix[points], self.shape)

    def double(self) -> JacobianBlock:
        """See ``JacobianBlock``."""
        return DenseBlock(self.matrix.double(), self.shape)

    @property
    def width(self) -> int:
        """See ``JacobianBlock``."""
        return self.shape.numel()

    def packed(self) -> Tensor:
        """See ``JacobianBlock``."""
        return self.matrix

    def unpacked(self, rows: Tensor) -> JacobianBlock:
        """See ``JacobianBlock``."""
        return DenseBlock(rows, self.shape)

    def dense(self) -> JacobianBlock:
        """See ``JacobianBlock``."""
        return self


@dataclass(frozen=True)
class WeightBlock:
    """By a weight: inputs ``h`` (S, N, in) and gradients ``g`` (S, N, out)."""

    h: Tensor
    g: Tensor

    @property
    def shape(self) -> torch.Size:
        """See ``JacobianBlock``."""
        return torch.Size((self.g.shape[-1], self.h.shape[-1]))

    def rows(self, units: slice = ALL) -> Tensor:
        """See ``JacobianBlock``."""
        g = self.g[..., units]
        return (g.permute(1, 2, 0) @ self.h.transpose(0, 1)).flatten(1)

    def push(self, direction: Tensor) -> Tensor:
        """See ``JacobianBlock``."""
        return (self.g * (self.h @ direction.T)).sum((0, 2))

    def pull(self, vector: Tensor) -> Tensor:
        """See ``JacobianBlock``."""
        return (self.g * vector[:, None]).flatten(0, 1).T @ self.h.flatten(0, 1)

    def at(self, points: slice | Tensor) -> JacobianBlock:
        """See ``JacobianBlock``."""
        return WeightBlock(self.h[:, points], self.g[:, points])

    def double(self) -> JacobianBlock:
        """See ``JacobianBlock``."""
        return WeightBlock(self.h.double(), self.g.double())

    @property
    def width(self) -> int:
        """See ``JacobianBlock``."""
        return len(self.h) * sum(self.shape)

    def packed(self) -> Tensor:
        """See ``JacobianBlock``."""
        return torch.cat([self.h, self.g], dim=2).transpose(0, 1).flatten(1)

    def unpacked(self, rows: Tensor) -> JacobianBlock:
        """See ``JacobianBlock``."""
        out, inside = self.shape
        both = rows.reshape(len(rows), -1, inside + out).transpose(0, 1)
        h, g = torch.split(both, [inside, out], dim=2)
        return WeightBlock(h, g)

    def dense(self) -> JacobianBlock:
        """See ``JacobianBlock``."""
        return DenseBlock(self.rows(), self.shape)


@dataclass(frozen=True)
class BiasBlock:
    """By a bias: gradients ``g`` (N, out)."""

    g: Tensor

    @property
    def shape(self) -> torch.Size:
        """See ``JacobianBlock``."""
        return self.g.shape[1:]

    def rows(self, units: slice = ALL) -> Tensor:
        """See ``JacobianBlock``."""
        return self.g[:, units]

    def push(self, direction: Tensor) -> Tensor:
        """See ``JacobianBlock``."""
        return self.g @ direction

    def pull(self, vector: Tensor) -> Tensor:
        """See ``JacobianBlock``."""
        return vector @ self.g

    def at(self, points: slice | Tensor) -> JacobianBlock:
        """See ``JacobianBlock``."""
        return BiasBlock(self.g[points])

    def double(self) -> JacobianBlock:
        """See ``JacobianBlock``."""
        return BiasBlock(self.g.double())

    @property
    def width(self) -> int:
        """See ``JacobianBlock``."""
        return self.shape.numel()

    def packed(self) -> Tensor:
        """See ``JacobianBlock``."""
        return self.g

    def unpacked(self, rows: Tensor) -> JacobianBlock:
        """See ``JacobianBlock``."""
        return BiasBlock(rows)

    def dense(self) -> JacobianBlock:
        """See ``JacobianBlock``."""
        return DenseBlock(self.g, self.shape)
