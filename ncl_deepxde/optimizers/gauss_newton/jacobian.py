r"""The Jacobian :math:`J` of the residual vector and what is computed from it.

The matrix is never whole in memory: the kernel :math:`J J^T` is a sum over panels of
columns, the Gram matrix :math:`J^T J` a sum over panels of rows, both of at most
``ENTRIES`` entries where one unit of a layer, or one row, allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from .blocks import JacobianBlock

__all__ = ["Jacobian"]

# 32 MiB. Narrow panels would read and write the kernel more often; 128 MiB took a tenth
# longer at 1350 residuals.
ENTRIES = 2**22
# Products of a matrix with its transpose are computed in strips up to the diagonal:
# 7/12 of the work.
STRIPS = 6


@dataclass(frozen=True)
class Jacobian:
    """The residual vector with its derivatives.

    Attributes:
        residuals: Shape (R,).
        sizes: Number of residuals of each residual function, R in sum.
        blocks: For every parameter, the derivatives of these functions by it, in the
            same order.
    """

    residuals: Tensor
    sizes: Sequence[int]
    blocks: Sequence[Sequence[JacobianBlock]]

    @classmethod
    def of(
        cls, values: Sequence[Tensor], blocks: Iterable[Sequence[JacobianBlock]]
    ) -> Jacobian:
        """Join residuals (N,) and, for every parameter, their derivatives."""
        return cls(torch.cat(list(values)), [len(v) for v in values], list(blocks))

    @property
    def shapes(self) -> list[torch.Size]:
        """The shapes of the parameters, P entries in sum."""
        return [column[0].shape for column in self.blocks]

    def double(self) -> Jacobian:
        """Return the same with derivatives in float64."""
        blocks = [[block.double() for block in column] for column in self.blocks]
        return Jacobian(self.residuals.double(), self.sizes, blocks)

    def kernel(self) -> Tensor:
        r"""Return the lower triangle of :math:`J J^T`, shape (R, R), in float64."""
        size = len(self.residuals)
        # In float32 the sums lose definiteness below a damping of 1e-6.
        K = self.residuals.new_zeros(size, size, dtype=torch.float64)
        for J in self.columns():
            _add_square(K, J)
        return K

    def gram(self) -> Tensor:
        r"""Return the lower triangle of :math:`J^T J`, shape (P, P), in float64."""
        size = sum(shape.numel() for shape in self.shapes)
        G = self.residuals.new_zeros(size, size, dtype=torch.float64)
        for J in self.rows():
            _add_square(G, J.T)
        return G

    def rows(self) -> Iterator[Tensor]:
        """Yield J in panels (some rows, P), in float64."""
        length = max(1, ENTRIES // sum(shape.numel() for shape in self.shapes))
        for row, count in zip(zip(*self.blocks, strict=True), self.sizes, strict=True):
            for start in range(0, count, length):
                points = slice(start, start + length)
                parts = [block.at(points).double().rows() for block in row]
                yield torch.cat(parts, dim=1)

    def columns(self) -> Iterator[Tensor]:
        """Yield J in panels (R, some columns), in float64 and in the same memory."""
        size = len(self.residuals)
        panels = _panels(self.shapes, ENTRIES // size)
        widest = max(sum(piece.width for piece in panel) for panel in panels)
        memory = self.residuals.new_empty(size, widest, dtype=torch.float64)
        edges = [0, *accumulate(self.sizes)]
        for panel in panels:
            stop = 0
            for piece in panel:
                start, stop = stop, stop + piece.width
                column = zip(pairwise(edges), self.blocks[piece.parameter], strict=True)
                for (first, last), block in column:
                    memory[first:last, start:stop] = block.rows(piece.units)
            yield memory[:, :stop]

    def select(self, index: Tensor) -> Tensor:
        """Return some rows in float64, (m, P), by their numbers in rising order."""
        edges = torch.tensor([0, *accumulate(self.sizes)], device=index.device)
        cuts = torch.searchsorted(index, edges).tolist()
        functions = zip(zip(*self.blocks, strict=True), edges.tolist(), strict=False)
        parts = []
        for (row, first), (a, b) in zip(functions, pairwise(cuts), strict=True):
            if a < b:
                points = index[a:b] - first
                found = [block.at(points).double().rows() for block in row]
                parts.append(torch.cat(found, dim=1))
        return torch.cat(parts)

    def push(self, direction: Sequence[Tensor]) -> Tensor:
        """Return J times one tensor per parameter, shape (R,)."""
        total = torch.zeros_like(self.residuals)
        for column, tensor in zip(self.blocks, direction, strict=True):
            total += torch.cat([block.push(tensor) for block in column])
        return total

    def pull(self, vector: Tensor) -> list[Tensor]:
        """Return J^T times a vector (R,), one tensor per parameter."""
        pieces = torch.split(vector, list(self.sizes))
        return [
            torch.stack(
                [block.pull(v) for block, v in zip(column, pieces, strict=True)]
            ).sum(0)
            for column in self.blocks
        ]


@dataclass(frozen=True)
class Piece:
    """Some units of a parameter.

    Attributes:
        parameter: Index of the parameter.
        units: Range on its first axis.
        width: Number of entries.
    """

    parameter: int
    units: slice
    width: int


def _panels(shapes: Sequence[torch.Size], limit: int) -> list[list[Piece]]:
    """Cut parameters into pieces, packed to at most ``limit`` entries or one unit."""
    panels: list[list[Piece]] = [[]]
    free = limit
    for parameter, shape in enumerate(shapes):
        width, units, start = shape[1:].numel(), shape[:1].numel(), 0
        while start < units:
            if panels[-1] and free < width:
                panels.append([])
                free = limit
            stop = min(units, start + max(1, free // width))
            piece = Piece(parameter, slice(start, stop), (stop - start) * width)
            panels[-1].append(piece)
            free, start = free - piece.width, stop
    return panels


def _add_square(total: Tensor, factor: Tensor) -> None:
    """Add a matrix times its transpose to the lower triangle of ``total``."""
    edges = [len(total) * i // STRIPS for i in range(STRIPS + 1)]
    for start, stop in pairwise(edges):
        total[start:stop, :stop].addmm_(factor[start:stop], factor[:stop].T)
