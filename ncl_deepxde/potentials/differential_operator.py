r"""Fields as sums of derivatives of potentials.

A table of summands is a linear differential operator with constant coefficients. What
it needs to be exact, and where it must vanish, is read off the table: no formula has
to be worked out by hand for each table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..jets.jets import MultiIndex

__all__ = ["Components", "DifferentialOperator", "Summand"]


@dataclass(frozen=True)
class Summand:
    r"""One summand :math:`s\,\partial^\alpha a_k` of a component.

    Attributes:
        axes: Columns of the inputs to differentiate by, repeated as needed.
        channel: Number k of the potential.
        factor: The number s.
    """

    axes: tuple[int, ...]
    channel: int
    factor: float = 1.0


Components = Sequence[Sequence[Summand]]


@dataclass(frozen=True)
class DifferentialOperator:
    r"""A linear map from potentials to a field.

    .. math:: v_i = \sum_{(\alpha, k, s) \in \text{components}_i} s\,\partial^\alpha a_k

    Attributes:
        components: Summands of each component of the field.
        scale: Number that all factors have been multiplied by.
    """

    components: Components
    scale: float = 1.0

    @property
    def num_potentials(self) -> int:
        """Number of potentials, the channels from 0 on."""
        return 1 + max((s.channel for row in self.components for s in row), default=-1)

    @property
    def order(self) -> int:
        """Order of the highest derivative."""
        return max((len(s.axes) for row in self.components for s in row), default=0)

    def multi_indices(self, dim: int) -> frozenset[MultiIndex]:
        """Return which derivatives of potentials are used, the value included.

        Args:
            dim: Number of columns of the inputs.
        """
        used = {s.axes for row in self.components for s in row} | {()}
        return frozenset(tuple(axes.count(i) for i in range(dim)) for axes in used)

    def scaled(self, factor: float) -> DifferentialOperator:
        """Return the operator times a number."""
        components = tuple(
            tuple(replace(s, factor=factor * s.factor) for s in row)
            for row in self.components
        )
        return replace(self, components=components, scale=factor * self.scale)

    def most_derivatives(self, axes: Collection[int], num_rows: int) -> list[int]:
        """Count the derivatives of each potential by some of the axes.

        Args:
            axes: Columns of the inputs that count.
            num_rows: Number of components that count, from the first on.

        Returns:
            The largest count of a summand of each potential, -1 for a potential that
            these components do not use.
        """
        most = [-1] * self.num_potentials
        for row in self.components[:num_rows]:
            for s in row:
                count = sum(axis in axes for axis in s.axes)
                most[s.channel] = max(most[s.channel], count)
        return most

    def divergence(self, columns: Sequence[int]) -> list[Summand]:
        r"""Return the summands of :math:`\sum_i \partial_i v_i` that do not cancel.

        Args:
            columns: Column of the inputs of each component's coordinate.
        """
        totals: dict[tuple[tuple[int, ...], int], float] = defaultdict(float)
        largest: dict[tuple[tuple[int, ...], int], float] = defaultdict(float)
        for column, row in zip(columns, self.components, strict=True):
            for s in row:
                key = tuple(sorted((*s.axes, column))), s.channel
                totals[key] += s.factor
                largest[key] = max(largest[key], abs(s.factor))
        return [
            Summand(*key, total)
            for key, total in totals.items()
            # The factors may be products, each rounded.
            if not abs(total) <= 1e-12 * largest[key]
        ]
