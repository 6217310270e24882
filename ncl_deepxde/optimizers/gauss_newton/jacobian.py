r"""The Jacobian :math:`J` of the residual vector and what is computed from it.

The matrix is never whole in memory: the kernel :math:`J J^T` is a sum over panels of
columns, the Gram matrix :math:`J^T J` a sum over panels of rows, both of at most
``ENTRIES`` entries where one unit of a layer, or one row, allows.

Of several processes each holds the rows of its points, as layer inputs and output
gradients. Vectors are whole on all of them, and so is what is factored:

- J d is computed where its rows are, and gathered: R numbers.
- :math:`J^T v` and :math:`J^T J` are sums over the processes: P and :math:`P^2 / 2`
  numbers.
- For :math:`J J^T` all processes get the rows, in the smaller form of each block: for a
  weight (out, in) seen by S streams either :math:`S (\text{in} + \text{out})` numbers a
  row or :math:`\text{in} \cdot \text{out}`. Each then sums over its share of the
  panels: :math:`R^2 / 2` numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from ...distributed import Processes, SharedRows, alone
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
        residuals: Shape (R,), those of all processes.
        rows_of: Which of the residuals of each function are of this process.
        blocks: For every parameter, the derivatives of the residuals of this process by
            it, function by function.
    """

    residuals: Tensor
    rows_of: SharedRows
    blocks: Sequence[Sequence[JacobianBlock]]

    @classmethod
    def of(
        cls, values: Sequence[Tensor], blocks: Iterable[Sequence[JacobianBlock]]
    ) -> Jacobian:
        """Join residuals (N,) and, for every parameter, their derivatives."""
        rows = SharedRows.of([len(v) for v in values])
        return cls(torch.cat(rows.collected(values)), rows, list(blocks))

    @property
    def sizes(self) -> list[int]:
        """Number of residuals of each residual function, R in sum."""
        return self.rows_of.sizes

    @property
    def shapes(self) -> list[torch.Size]:
        """The shapes of the parameters, P entries in sum."""
        return [column[0].shape for column in self.blocks]

    def double(self) -> Jacobian:
        """Return the same with derivatives in float64."""
        blocks = [[block.double() for block in column] for column in self.blocks]
        return Jacobian(self.residuals.double(), self.rows_of, blocks)

    def own(self, vector: Tensor) -> list[Tensor]:
        """Return the entries of a vector (R,), or rows, that are of this process."""
        pieces = zip(torch.split(vector, self.sizes), self.rows_of.own, strict=True)
        return [piece[rows] for piece, rows in pieces]

    def gather(self, entries: Tensor) -> Tensor:
        """Return the vector (R,), or rows, of which each process has some."""
        counts = [rows.stop - rows.start for rows in self.rows_of.own]
        return torch.cat(self.rows_of.collected(torch.split(entries, counts)))

    def everywhere(self) -> Jacobian:
        """Return the same with the rows of all processes on each."""
        if self.rows_of.processes.size == 1:
            return self
        every = [block for column in self.blocks for block in column]
        # Where points use a layer differently, their factors differ in width.
        widths = zip(*SharedRows.of([b.width for b in every]).counts, strict=True)
        sent = [
            b if len({*w}) == 1 and w[0] <= b.shape.numel() else b.dense()
            for b, w in zip(every, widths, strict=True)
        ]
        packed = [block.packed() for block in sent]
        rows = SharedRows.of([len(p) for p in packed]).collected(packed)
        found = [b.unpacked(p) for b, p in zip(sent, rows, strict=True)]
        count = len(self.sizes)
        blocks = [found[i : i + count] for i in range(0, len(found), count)]
        with alone():
            return Jacobian(self.residuals, SharedRows.of(self.sizes), blocks)

    def kernel(self) -> Tensor:
        r"""Return the lower triangle of :math:`J J^T`, shape (R, R), in float64."""
        size = len(self.residuals)
        # In float32 the sums lose definiteness below a damping of 1e-6.
        K = self.residuals.new_zeros(size, size, dtype=torch.float64)
        here = self.rows_of.processes
        for J in self.everywhere().columns(here.rank, here.size):
            _add_square(K, J)
        return _summed(here, K)

    def gram(self) -> Tensor:
        r"""Return the lower triangle of :math:`J^T J`, shape (P, P), in float64."""
        size = sum(shape.numel() for shape in self.shapes)
        G = self.residuals.new_zeros(size, size, dtype=torch.float64)
        for J in self.rows():
            _add_square(G, J.T)
        return _summed(self.rows_of.processes, G)

    def rows(self) -> Iterator[Tensor]:
        """Yield the rows of this process in panels (some rows, P), in float64."""
        length = max(1, ENTRIES // sum(shape.numel() for shape in self.shapes))
        functions = zip(*self.blocks, strict=True)
        for row, rows in zip(functions, self.rows_of.own, strict=True):
            for start in range(0, rows.stop - rows.start, length):
                points = slice(start, start + length)
                parts = [block.at(points).double().rows() for block in row]
                yield torch.cat(parts, dim=1)

    def columns(self, first: int = 0, every: int = 1) -> Iterator[Tensor]:
        """Yield the rows of this process in panels (n, some columns), in float64.

        Args:
            first: Number of the first panel; all are in the same memory.
            every: Step from each to the next; as many panels at least are made.
        """
        counts = [rows.stop - rows.start for rows in self.rows_of.own]
        unknown = sum(shape.numel() for shape in self.shapes)
        # The same panels on all processes, whose shares differ by some rows.
        most = -(-len(self.residuals) // self.rows_of.processes.size)
        panels = _panels(self.shapes, min(ENTRIES // most, -(-unknown // every)))
        widest = max(sum(piece.width for piece in panel) for panel in panels)
        memory = self.residuals.new_empty(sum(counts), widest, dtype=torch.float64)
        edges = [0, *accumulate(counts)]
        for panel in panels[first::every]:
            stop = 0
            for piece in panel:
                start, stop = stop, stop + piece.width
                column = zip(pairwise(edges), self.blocks[piece.parameter], strict=True)
                for (first, last), block in column:
                    memory[first:last, start:stop] = block.rows(piece.units)
            yield memory[:, :stop]

    def select(self, index: Tensor) -> Tensor:
        """Return some rows in float64, (m, P), by their numbers in rising order."""
        starts = [0, *accumulate(self.sizes)][:-1]
        own = zip(starts, self.rows_of.own, strict=True)
        edges = [start + edge for start, s in own for edge in (s.start, s.stop)]
        cuts = torch.searchsorted(index, torch.tensor(edges, device=index.device))
        pairs = zip(cuts[::2].tolist(), cuts[1::2].tolist(), edges[::2], strict=True)
        functions = zip(*self.blocks, strict=True)
        parts = []
        for row, (a, b, first) in zip(functions, pairs, strict=True):
            points = index[a:b] - first
            found = [block.at(points).double().rows() for block in row]
            parts.append(torch.cat(found, dim=1))
        return torch.cat(SharedRows.of([len(p) for p in parts]).collected(parts))

    def push(self, direction: Sequence[Tensor]) -> Tensor:
        """Return J times one tensor per parameter, shape (R,)."""
        total = torch.cat(self.own(torch.zeros_like(self.residuals)))
        for column, tensor in zip(self.blocks, direction, strict=True):
            total += torch.cat([block.push(tensor) for block in column])
        return self.gather(total)

    def pull(self, vector: Tensor) -> list[Tensor]:
        """Return J^T times a vector (R,), one tensor per parameter."""
        pieces = self.own(vector)
        found = [
            torch.stack(
                [block.pull(v) for block, v in zip(column, pieces, strict=True)]
            ).sum(0)
            for column in self.blocks
        ]
        return self.rows_of.processes.sum(*found)


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


def _summed(here: Processes, triangle: Tensor) -> Tensor:
    """Return the sum of lower triangles (n, n) over the processes, half the entries.

    Row n - 1 - i fits behind row i.
    """
    if here.size == 1:
        return triangle
    n = len(triangle)
    half = n // 2
    upper, lower = triangle[:half].tril(), triangle[half:].tril(half)
    packed = torch.nn.functional.pad(lower, (0, 1))
    packed[n % 2 :, 1:] += upper.flip(0, 1)
    (packed,) = here.sum(packed)
    found = packed[:, :-1].tril(half)
    rest = packed[n % 2 :, 1:].triu(n - half)
    return torch.cat([rest.flip(0, 1), found])


def _add_square(total: Tensor, factor: Tensor) -> None:
    """Add a matrix times its transpose to the lower triangle of ``total``."""
    edges = [len(total) * i // STRIPS for i in range(STRIPS + 1)]
    for start, stop in pairwise(edges):
        total[start:stop, :stop].addmm_(factor[start:stop], factor[:stop].T)
