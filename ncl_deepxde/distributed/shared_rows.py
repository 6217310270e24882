"""Tensors whose rows are spread over the processes, and how they are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from .processes import Processes, processes

__all__ = ["SharedRows"]


@dataclass(frozen=True)
class SharedRows:
    """Which rows of some tensors each process holds, in the order of the processes.

    Attributes:
        processes: The processes.
        counts: Numbers of rows by process and tensor.
    """

    processes: Processes
    counts: list[list[int]]

    @classmethod
    def of(cls, lengths: Sequence[int]) -> SharedRows:
        """Tell the others how many rows of each tensor are here."""
        here = processes()
        if here.size == 1:
            return cls(here, [list(lengths)])
        numbers = torch.tensor(list(lengths), dtype=torch.int64, device="cpu")
        return cls(here, here.collect(numbers).tolist())

    @property
    def sizes(self) -> list[int]:
        """Number of rows of each tensor, those of all processes."""
        return [sum(column) for column in zip(*self.counts, strict=True)]

    @property
    def own(self) -> list[slice]:
        """The rows of each whole tensor that this process holds."""
        here = self.processes.rank
        befores = [sum(c[:here]) for c in zip(*self.counts, strict=True)]
        pairs = zip(befores, self.counts[here], strict=True)
        return [slice(first, first + count) for first, count in pairs]

    def gather(self, parts: Sequence[Tensor]) -> list[Tensor]:
        """Put the rows of all processes together, by one message.

        A function of the result that all processes compute in the same way has as its
        derivative by the parts, averaged over the processes, its gradient.

        Args:
            parts: Rows of this process, of one type; each (count, ...).
        """
        if self.processes.size == 1:
            return list(parts)
        found: list[Tensor] = list(_Gather.apply(self, *parts))
        return found

    def collected(self, parts: Sequence[Tensor]) -> list[Tensor]:
        """Do the same without derivatives."""
        if self.processes.size == 1:
            return list(parts)
        shapes = [p.shape[1:] for p in parts]
        numbers = [
            [n * s.numel() for n, s in zip(counts, shapes, strict=True)]
            for counts in self.counts
        ]
        flat = torch.cat([p.detach().reshape(-1) for p in parts])
        # Messages have one length: the shares differ by a row of each tensor.
        most = max(map(sum, numbers))
        padded = torch.nn.functional.pad(flat, (0, most - len(flat)))
        rows = zip(self.processes.collect(padded), numbers, strict=True)
        pieces = [row[: sum(n)].split(n) for row, n in rows]
        joined = [torch.cat(same) for same in zip(*pieces, strict=True)]
        return [j.reshape(-1, *s) for j, s in zip(joined, shapes, strict=True)]


class _Gather(Function):
    """Rows of all processes from those of each."""

    @staticmethod
    def forward(ctx: Any, rows: SharedRows, *parts: Tensor) -> tuple[Tensor, ...]:
        ctx.rows = rows
        return tuple(rows.collected(parts))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        size, own = ctx.rows.processes.size, ctx.rows.own
        return None, *(size * g[rows] for g, rows in zip(grads, own, strict=True))
