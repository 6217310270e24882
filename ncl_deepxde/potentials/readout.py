"""Values and derivatives of a field, gathered from a jet of its potentials."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from ..jets.collapsed import laplacian
from ..jets.jets import StreamTable, Sum
from .differential_operator import Components

__all__ = ["Readout"]


class Readout(torch.nn.Module):
    r"""Components of a field, or derivatives of them, as entries of a jet.

    .. math:: y_i = \sum_{(\alpha, k, s) \in \text{components}_i} s\,
        \partial^\alpha a_k , \qquad
        \partial_j y_i = \sum s\, \partial^{\alpha + e_j} a_k

    The entries are picked and added. Written as a product of matrices, the divergence
    would be a difference of rounded sums. Here it cancels the same numbers in pairs,
    whatever the precision of the matrix products of the network.

    Args:
        components: Summands of each component.
        num_channels: Number of channels of the jet.
        space: Tables of the jet.
        level: Number of times the components are differentiated.
        axes: Variables of a Laplacian that is taken of them as well.
    """

    rows: Tensor
    factors: Tensor

    def __init__(
        self,
        components: Components,
        num_channels: int,
        space: StreamTable,
        level: int,
        axes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.shape = (len(components), *[space.dim] * level)
        entries = [
            [
                (stream * num_channels + s.channel, s.factor)
                for s in component
                for stream in space.summands(
                    _derivatives((*s.axes, *extra), axes, space.dim)
                )
            ]
            for component in components
            for extra in product(range(space.dim), repeat=level)
        ]
        width = max(map(len, entries))
        padded = [
            row + [((row or [(0, 0.0)])[0][0], 0.0)] * (width - len(row))
            for row in entries
        ]
        rows = [[row for row, _ in entry] for entry in padded]
        factors = [[factor for _, factor in entry] for entry in padded]
        self.register_buffer("rows", torch.as_tensor(rows), persistent=False)
        exact = torch.as_tensor(factors, dtype=torch.float64)
        self.register_buffer("factors", exact, persistent=False)

    def forward(self, streams: Tensor) -> Tensor:
        """Return the components, (N, C), or their derivatives, (N, C, dim, ...).

        Args:
            streams: Streams of the jet, shape (S, N, channels).
        """
        flat = streams.transpose(1, 2).flatten(0, 1)
        entries = flat.index_select(0, self.rows.flatten())
        summands = entries.reshape(*self.rows.shape, -1)
        total = (summands * self.factors[..., None].to(summands.dtype)).sum(1)
        return total.T.reshape(-1, *self.shape)


def _derivatives(columns: Sequence[int], axes: Sequence[int], dim: int) -> Sum:
    """Return the derivative by columns, or those whose sum is its Laplacian."""
    alpha = tuple(columns.count(i) for i in range(dim))
    return laplacian(alpha, axes) if axes else (alpha,)
