r"""Collapsed jets: Laplacians of derivatives, without the derivatives they are sums of.

A viscous residual of a field made of derivatives :math:`\partial^\alpha a` wants their
value, first derivatives and Laplacian. The Laplacian is one stream,
:math:`\Lambda_\alpha = \Delta\partial^\alpha a`, because it has rules of its own:

.. math:: \Lambda_\alpha(pz) = \sum_{\beta \le \alpha} \binom{\alpha}{\beta} \Bigl(
    p_{\alpha - \beta}\, \Lambda_\beta z + 2 \sum_i p_{\alpha - \beta + e_i}\,
    z_{\beta + e_i} + \Lambda_{\alpha - \beta} p\; z_\beta \Bigr)

and, since :math:`\Delta\sigma(z) = \nabla\cdot(p \nabla z)` with the jet :math:`p` of
:math:`\sigma'(z)`,

.. math:: \Lambda_\alpha\sigma(z) = \sum_{\beta \le \alpha} \binom{\alpha}{\beta} \Bigl(
    p_{\alpha - \beta}\, \Lambda_\beta z + \sum_i p_{\alpha - \beta + e_i}\,
    z_{\beta + e_i} \Bigr) .

A curl in three dimensions and time takes 17 streams: the value, 4 first derivatives, 9
second ones and 3 Laplacians of first ones. All derivatives up to order three are 35.

References:
    F. Dangel et al., Collapsing Taylor Mode Automatic Differentiation (NeurIPS 2025).
    C. Li et al., Forward Laplacian (2023), https://arxiv.org/abs/2307.08214.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from .jets import (
    MultiIndex,
    StreamTable,
    Sum,
    Terms,
    below,
    chain_terms,
    leibniz_terms,
    plus,
    unit,
)

__all__ = ["CollapsedSpace", "collapsed_space", "laplacian"]


Factors = dict[tuple[Sum, Sum], int]


class CollapsedSpace(StreamTable):
    """The tables of a jet with first derivatives and Laplacians of some derivatives.

    Args:
        dim: Number of variables.
        wanted: Multi-indices of the derivatives whose values, first derivatives and
            Laplacians are wanted.
        axes: Variables of the Laplacian, increasing.

    Example:
        >>> gradient = [unit(4, i) for i in range(3)]
        >>> len(CollapsedSpace(4, gradient, axes=(0, 1, 2)))
        17
    """

    def __init__(
        self, dim: int, wanted: Iterable[MultiIndex], axes: Sequence[int]
    ) -> None:
        lower = {beta for alpha in wanted for beta in below(alpha)}
        plain = lower | {plus(beta, unit(dim, i)) for beta in lower for i in range(dim)}
        sums = {laplacian(beta, axes): beta for beta in lower}
        base = {s: beta for s, beta in sums.items() if not plain.issuperset(s)}
        streams = sorted([*((alpha,) for alpha in plain), *base], key=_grade)
        rules = _Rules(axes, sorted(plain, key=_grade_of), base)
        at = {stream: k for k, stream in enumerate(streams)}
        super().__init__(
            dim,
            streams,
            [
                (at[stream], at[z], at[p], factor)
                for stream in streams
                for (p, z), factor in rules.product(stream).items()
            ],
            [
                [(at[p], at[z], factor) for (p, z), factor in rules.chain(s).items()]
                for s in streams[1:]
            ],
        )


@cache
def collapsed_space(
    dim: int, wanted: frozenset[MultiIndex], axes: tuple[int, ...]
) -> CollapsedSpace:
    """Return the (cached) tables of a collapsed jet."""
    return CollapsedSpace(dim, wanted, axes)


def laplacian(alpha: MultiIndex, axes: Sequence[int]) -> Sum:
    r"""Return the derivatives whose sum is :math:`\Delta\partial^\alpha`."""
    twice = [plus(unit(len(alpha), i), unit(len(alpha), i)) for i in axes]
    return tuple(plus(alpha, e) for e in twice)


@dataclass(frozen=True)
class _Rules:
    """The terms of the rules of one stream, as pairs of derivatives with factors.

    Attributes:
        axes: Variables of the Laplacian.
        plain: Multi-indices of the streams that are single derivatives.
        base: By the stream of a Laplacian, the derivative that it is taken of.
    """

    axes: Sequence[int]
    plain: Sequence[MultiIndex]
    base: Mapping[Sum, MultiIndex]

    def product(self, stream: Sum) -> Factors:
        """Return the factors of the pairs ``(p, z)`` in a stream of the product."""
        found: Factors = defaultdict(int)
        if stream not in self.base:
            for beta, rest, factor in leibniz_terms(stream[0], self.plain):
                found[(rest,), (beta,)] += factor
            return found
        for beta, rest, factor in self._terms(stream):
            self._add_inner(found, beta, rest, factor, 2)
            for part in self._laplacian(rest):
                found[part, (beta,)] += factor
        return found

    def chain(self, stream: Sum) -> Factors:
        r"""Return the factors of the pairs ``(p, z)`` in a stream of sigma(z)."""
        found: Factors = defaultdict(int)
        if stream not in self.base:
            for p, z, factor in chain_terms(stream[0]):
                found[(p,), (z,)] += factor
            return found
        for beta, rest, factor in self._terms(stream):
            self._add_inner(found, beta, rest, factor, 1)
        return found

    def _add_inner(
        self,
        found: Factors,
        beta: MultiIndex,
        rest: MultiIndex,
        factor: int,
        mixed: int,
    ) -> None:
        r"""Add what both rules have in common.

        .. math:: p_{rest}\, \Lambda_\beta z + c \sum_i p_{rest + e_i}\, z_{\beta + e_i}

        Args:
            found: What to add to.
            beta: Index of z.
            rest: Index of p.
            factor: Factor of all terms.
            mixed: The number c.
        """
        for part in self._laplacian(beta):
            found[(rest,), part] += factor
        for i in self.axes:
            e = unit(len(beta), i)
            found[(plus(rest, e),), (plus(beta, e),)] += mixed * factor

    def _terms(self, stream: Sum) -> Terms:
        """Return the terms of Leibniz of the inner derivative, the highest first."""
        alpha = self.base[stream]
        return leibniz_terms(alpha, below(alpha))[::-1]

    def _laplacian(self, beta: MultiIndex) -> list[Sum]:
        """Return the streams whose sum is the Laplacian of a derivative."""
        whole = laplacian(beta, self.axes)
        return [whole] if whole in self.base else [(alpha,) for alpha in whole]


def _grade(stream: Sum) -> tuple[int, int, tuple[int, ...]]:
    """Sort by the order, single derivatives before sums."""
    return sum(stream[0]), len(stream), _grade_of(stream[0])[1:]


def _grade_of(alpha: MultiIndex) -> tuple[int, ...]:
    return sum(alpha), *(-a for a in alpha)
