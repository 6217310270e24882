r"""Divergence-free fields from potentials, as tables of derivatives.

Both constructions write a field :math:`v` on :math:`\mathbb{R}^n` as the row
divergence of an antisymmetric matrix field, :math:`v_i = \sum_j \partial_j A_{ij}`, so
that :math:`\operatorname{div} v = \sum_{ij} \partial_i \partial_j A_{ij} = 0` because
mixed derivatives commute.

References:
    J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws: A
    Divergence-Free Perspective (NeurIPS 2022), section 3,
    https://arxiv.org/abs/2210.01741.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import torch
from torch import Tensor

from ..jets.jets import JetSpace, MultiIndex

__all__ = ["CONSTRUCTIONS", "Construction", "Readout", "Term", "matrix", "vector"]


@dataclass(frozen=True)
class Term:
    r"""One summand :math:`c\,\partial^\alpha` of one channel.

    Attributes:
        axes: The columns of the inputs to differentiate by, repeated as needed.
        channel: Number of the potential.
        factor: The number c.
    """

    axes: tuple[int, ...]
    channel: int
    factor: float = 1.0


@dataclass(frozen=True)
class Construction:
    """A divergence-free field as sums of derivatives of potentials.

    Attributes:
        num_potentials: Number of potential channels.
        order: Order of the derivatives.
        components: The summands of each component of the field.
        scale: Number that all factors have been multiplied by.
    """

    num_potentials: int
    order: int
    components: tuple[tuple[Term, ...], ...]
    scale: float = 1.0

    def scaled(self, factor: float) -> Construction:
        """Return the same field times a number; it stays divergence-free."""
        components = tuple(
            tuple(replace(term, factor=factor * term.factor) for term in component)
            for component in self.components
        )
        return replace(self, components=components, scale=factor * self.scale)


def matrix(columns: Sequence[int]) -> Construction:
    r"""Matrix construction: the potentials are the upper triangle of ``A``.

    .. math:: v_i = \sum_{j > i} \partial_j A_{ij} - \sum_{j < i} \partial_j A_{ji}

    Args:
        columns: Column of the inputs of each component's coordinate.
    """
    n = len(columns)
    channel = {pair: c for c, pair in enumerate(combinations(range(n), 2))}
    components = tuple(
        tuple(
            Term((columns[j],), channel[min(i, j), max(i, j)], 1 if j > i else -1)
            for j in range(n)
            if j != i
        )
        for i in range(n)
    )
    return Construction(len(channel), 1, components)


def vector(columns: Sequence[int]) -> Construction:
    r"""Vector construction: ``A`` is the antisymmetric part of a Jacobian.

    With :math:`A_{ij} = \partial_j b_i - \partial_i b_j`,

    .. math:: v_i = \sum_{j \ne i} (\partial_j^2 b_i - \partial_i \partial_j b_j) .

    Args:
        columns: Column of the inputs of each component's coordinate.
    """
    n = len(columns)
    components = tuple(
        tuple(
            term
            for j in range(n)
            if j != i
            for term in (
                Term((columns[j], columns[j]), i),
                Term((columns[i], columns[j]), j, -1),
            )
        )
        for i in range(n)
    )
    return Construction(n, 2, components)


CONSTRUCTIONS: dict[str, Callable[[Sequence[int]], Construction]] = {
    "matrix": matrix,
    "vector": vector,
}


class Readout(torch.nn.Module):
    r"""Sums of derivatives of channels, and their own derivatives, from a jet.

    .. math:: y_c = \sum_{(\alpha, k, s) \in \text{terms}_c} s\, \partial^\alpha a_k ,
        \qquad \partial_i y_c = \sum s\, \partial^{\alpha + e_i} a_k

    The sums are gathered, not multiplied out: adding the diagonal of the Jacobian of a
    divergence-free field cancels the very same numbers in pairs, whatever the
    precision of the matrix products before.

    Args:
        terms: The summands of each output.
        num_channels: Number of channels of the jet.
        space: Tables of the jet.
        level: Number of derivatives of the outputs.
    """

    rows: Tensor
    factors: Tensor

    def __init__(
        self,
        terms: Sequence[Sequence[Term]],
        num_channels: int,
        space: JetSpace,
        level: int,
    ) -> None:
        super().__init__()
        self.shape = (len(terms), *[space.dim] * level)
        width = max(len(t) for t in terms)
        rows: list[list[int]] = []
        factors: list[list[float]] = []
        for component in terms:
            for extra in product(range(space.dim), repeat=level):
                row = [
                    space.position[_counts((*t.axes, *extra), space.dim)] * num_channels
                    + t.channel
                    for t in component
                ]
                padding = width - len(row)
                rows.append(row + row[:1] * padding)
                factors.append([t.factor for t in component] + [0.0] * padding)
        self.register_buffer("rows", torch.as_tensor(rows), persistent=False)
        exact = torch.as_tensor(factors, dtype=torch.float64)
        self.register_buffer("factors", exact, persistent=False)

    def forward(self, streams: Tensor) -> Tensor:
        """Return the outputs, (N, C), or their derivatives, (N, C, dim, ...).

        Args:
            streams: Shape (S, N, channels).
        """
        flat = streams.transpose(1, 2).flatten(0, 1)
        entries = flat.index_select(0, self.rows.flatten())
        terms = entries.reshape(*self.rows.shape, -1)
        total = (terms * self.factors[..., None].to(terms.dtype)).sum(1)
        return total.T.reshape(-1, *self.shape)


def _counts(axes: tuple[int, ...], dim: int) -> MultiIndex:
    return tuple(axes.count(i) for i in range(dim))
