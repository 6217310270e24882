"""Values and derivatives of a field, gathered from a jet of its potentials."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from ..jets.jets import JetSpace, MultiIndex
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
    """

    rows: Tensor
    factors: Tensor

    def __init__(
        self,
        components: Components,
        num_channels: int,
        space: JetSpace,
        level: int,
    ) -> None:
        super().__init__()
        self.shape = (len(components), *[space.dim] * level)
        width = max(len(row) for row in components)
        rows: list[list[int]] = []
        factors: list[list[float]] = []
        for component in components:
            padding = width - len(component)
            for extra in product(range(space.dim), repeat=level):
                row = [
                    space.position[_counts((*s.axes, *extra), space.dim)] * num_channels
                    + s.channel
                    for s in component
                ]
                rows.append(row + (row or [0])[:1] * padding)
                factors.append([s.factor for s in component] + [0.0] * padding)
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


def _counts(axes: tuple[int, ...], dim: int) -> MultiIndex:
    return tuple(axes.count(i) for i in range(dim))
