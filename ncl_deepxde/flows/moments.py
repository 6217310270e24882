"""The distinct times among those of many points."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.forward_ad import unpack_dual

from ..jets.jets import in_functorch

__all__ = ["Moments", "distinct"]


@dataclass(frozen=True)
class Moments:
    """Which of T distinct moments each of N points belongs to.

    Args:
        index: Shape (N,), or ``None`` where point n has moment n.
        number: T.
    """

    index: Tensor | None
    number: int

    def gather(self, table: Tensor) -> Tensor:
        """Return the rows (N, ...) of a table (T, ...)."""
        return table if self.index is None else table[self.index]

    def gather_columns(self, table: Tensor) -> Tensor:
        """Return the columns (K, N) of a table (T, K), each point's row upright."""
        if self.index is None:
            return table.T
        return table.T.contiguous().index_select(1, self.index)

    def scatter_columns(self, columns: Tensor) -> Tensor:
        """Return the sums (T, K) of columns (K, N), the transpose."""
        if self.index is None:
            return columns.T
        sums = columns.new_zeros(len(columns), self.number)
        return sums.index_add_(1, self.index, columns).T


def distinct(t: Tensor) -> tuple[Tensor, Moments]:
    """Return the distinct times, and which of them each point has.

    Where times are to be differentiated by, each point keeps its time.
    """
    is_variable = in_functorch() or (torch.is_grad_enabled() and t.requires_grad)
    if is_variable or unpack_dual(t).tangent is not None:  # type: ignore[no-untyped-call]
        return t, Moments(None, len(t))
    times, index = torch.unique(t[:, 0], return_inverse=True)
    if len(times) == len(t):
        return t, Moments(None, len(t))
    return times[:, None], Moments(index, len(times))
