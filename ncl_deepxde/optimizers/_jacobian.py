r"""The Jacobian of the residual vector, in parts that know how to multiply.

With the inputs :math:`h_{sn}` of a layer and the gradients :math:`g_{sn}` of its
outputs, row :math:`n` is :math:`\sum_s g_{sn} h_{sn}^T`. Products with vectors need no
row at all; the kernel :math:`J J^T` is a sum over parameters, one at a time in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["BiasPart", "DensePart", "Jacobian", "Part", "WeightPart"]

# Rows of the kernel are computed in panels up to the diagonal: 7/12 of the work.
PANELS = 6
# Columns of J in memory at a time; fewer would read and write the kernel more often.
COLUMNS = 2048


ALL = slice(None)


class Part(Protocol):
    """The derivative of N residuals by one parameter with P entries.

    Attributes:
        shape: The parameter's; its first axis counts units.
    """

    @property
    def shape(self) -> torch.Size: ...

    def rows(self, units: slice = ALL) -> Tensor:
        """Return the matrix, shape (N, P), or its columns for some units."""
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

    def rows(self, units: slice = ALL) -> Tensor:
        """See ``Part``."""
        width = self.shape[1:].numel()
        return self.matrix.reshape(len(self.matrix), -1, width)[:, units].flatten(1)

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

    @property
    def shape(self) -> torch.Size:
        """See ``Part``."""
        return torch.Size((self.g.shape[-1], self.h.shape[-1]))

    def rows(self, units: slice = ALL) -> Tensor:
        """See ``Part``."""
        g = self.g[..., units]
        return (g.permute(1, 2, 0) @ self.h.transpose(0, 1)).flatten(1)

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

    @property
    def shape(self) -> torch.Size:
        """See ``Part``."""
        return self.g.shape[1:]

    def rows(self, units: slice = ALL) -> Tensor:
        """See ``Part``."""
        return self.g[:, units]

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
        # In float32 the sums lose definiteness below a damping of 1e-6.
        K = self.residuals.new_zeros(size, size, dtype=torch.float64)
        edges = [size * i // PANELS for i in range(PANELS + 1)]
        panels = _panels([block[0].shape for block in self.blocks])
        buffer = K.new_empty(size, max(sum(p.width for p in panel) for panel in panels))
        for panel in panels:
            J = self._columns(panel, buffer)
            for start, stop in pairwise(edges):
                K[start:stop, :stop].addmm_(J[start:stop], J[:stop].T)
        return K

    def _columns(self, panel: Sequence[Piece], buffer: Tensor) -> Tensor:
        """Return some columns of J in the memory of a buffer."""
        rows, stop = [0, *accumulate(self.sizes)], 0
        for piece in panel:
            start, stop = stop, stop + piece.width
            parts = zip(pairwise(rows), self.blocks[piece.block], strict=True)
            for (first, last), part in parts:
                buffer[first:last, start:stop] = part.rows(piece.units)
        return buffer[:, :stop]

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


@dataclass(frozen=True)
class Piece:
    """Some units of a parameter.

    Attributes:
        block: Index of the parameter.
        units: Range on its first axis.
        width: Number of entries.
    """

    block: int
    units: slice
    width: int


def _panels(shapes: Sequence[torch.Size]) -> list[list[Piece]]:
    """Cut parameters into pieces, packed to at most ``COLUMNS`` or one unit."""
    panels: list[list[Piece]] = [[]]
    free = COLUMNS
    for block, shape in enumerate(shapes):
        width, units, start = shape[1:].numel(), shape[:1].numel(), 0
        while start < units:
            if panels[-1] and free < width:
                panels.append([])
                free = COLUMNS
            stop = min(units, start + max(1, free // width))
            piece = Piece(block, slice(start, stop), (stop - start) * width)
            panels[-1].append(piece)
            free, start = free - piece.width, stop
    return panels
