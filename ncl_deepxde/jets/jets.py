r"""Jets: a value together with all its partial derivatives, sent through a network.

A jet of order :math:`k` of a function of ``dim`` variables is one tensor of
*streams* of shape ``(S, N, width)``: stream :math:`\alpha` holds
:math:`\partial^\alpha z` for every multi-index with :math:`|\alpha| \le k`, the value
first, :math:`S = \binom{dim + k}{k}`. A dense layer is one matrix product over all
streams followed by the activation's chain rule, so a network costs :math:`S` times a
plain evaluation, with nothing nested.

References:
    A. Griewank, A. Walther, Evaluating Derivatives, chapter 13 (SIAM, 2008).
    F. Dangel et al., Collapsing Taylor Mode Automatic Differentiation (NeurIPS 2025).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations_with_replacement
from itertools import product as cartesian
from math import comb, prod

import torch
from torch import Tensor
from torch.func import jacrev, vmap

__all__ = [
    "JetSpace",
    "MultiIndex",
    "StreamTable",
    "Sum",
    "Terms",
    "below",
    "chain_terms",
    "compose",
    "compose_adjoint",
    "in_functorch",
    "jet_of_callable",
    "jet_space",
    "leibniz_terms",
    "plus",
    "product",
    "unit",
]

MultiIndex = tuple[int, ...]
Sum = tuple[MultiIndex, ...]
Terms = list[tuple[MultiIndex, MultiIndex, int]]


class StreamTable:
    r"""What the streams of a jet stand for, and the tables of its two rules.

    Args:
        dim: Number of variables.
        streams: The multi-indices whose derivatives a stream is the sum of, graded by
            their order: the streams of lower orders come first, the value as the first.
        leibniz: Stream numbers ``(a, b, rest)`` and the factor of the terms of
            :math:`(pz)_a = \sum f\, p_{rest}\, z_b`.
        chain: Per stream but the first, the terms ``(p stream, z stream, factor)`` of
            the chain rule (see ``compose``), the first one with the factor 1.

    Attributes:
        order: Order of the highest derivatives.
        position: Stream number of a multi-index whose derivative is a stream.
    """

    def __init__(
        self,
        dim: int,
        streams: Sequence[Sum],
        leibniz: list[tuple[int, int, int, int]],
        chain: list[list[tuple[int, int, int]]],
    ) -> None:
        self.dim, self.streams = dim, list(streams)
        self.leibniz, self.chain = leibniz, chain
        orders = [sum(stream[0]) for stream in streams]
        self.order = max(orders)
        self.position = {s[0]: k for k, s in enumerate(streams) if len(s) == 1}
        self._numbers = {stream: k for k, stream in enumerate(streams)}
        self._sizes = [sum(n <= k for n in orders) for k in range(self.order + 1)]

    def __len__(self) -> int:
        return len(self.streams)

    def size(self, order: int) -> int:
        """Return the number of streams up to a lower order."""
        return self._sizes[order]

    def summands(self, derivatives: Sum) -> list[int]:
        """Return the streams whose sum is that of some derivatives."""
        whole = self._numbers.get(derivatives)
        return [self.position[d] for d in derivatives] if whole is None else [whole]


class JetSpace(StreamTable):
    r"""The tables of a jet whose streams are all derivatives up to an order.

    .. math:: \partial^\alpha(pz) = \sum_{\beta \le \alpha} \binom{\alpha}{\beta}
        p_{\alpha - \beta}\, z_\beta

    Args:
        dim: Number of variables.
        order: Highest total derivative order :math:`k`.

    Attributes:
        indices: Multi-indices as tuples of counts, graded: the streams of a lower order
            are a prefix of the streams of a higher one.

    Example:
        >>> JetSpace(dim=2, order=2).indices
        [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]
    """

    def __init__(self, dim: int, order: int) -> None:
        self.indices: list[MultiIndex] = [
            tuple(axes.count(i) for i in range(dim))
            for total in range(order + 1)
            for axes in combinations_with_replacement(range(dim), total)
        ]
        at = {alpha: s for s, alpha in enumerate(self.indices)}
        super().__init__(
            dim,
            [(alpha,) for alpha in self.indices],
            [
                (at[a], at[b], at[rest], factor)
                for a in self.indices
                for b, rest, factor in leibniz_terms(a, self.indices)
            ],
            [
                [(at[p], at[z], factor) for p, z, factor in chain_terms(alpha)]
                for alpha in self.indices[1:]
            ],
        )


def leibniz_terms(alpha: MultiIndex, indices: Sequence[MultiIndex]) -> Terms:
    r"""Return the ``(beta, alpha - beta, factor)`` of the rule of Leibniz.

    Args:
        alpha: Multi-index of the derivative of a product.
        indices: Multi-indices to look for :math:`\beta` in.
    """
    return [
        (beta, _minus(alpha, beta), _binomial(alpha, beta))
        for beta in indices
        if _leq(beta, alpha)
    ]


def chain_terms(alpha: MultiIndex) -> Terms:
    """Return (index of p, index of z, factor) of the chain rule, see ``compose``."""
    k = max(i for i, count in enumerate(alpha) if count)
    rest = _minus(alpha, unit(len(alpha), k))
    return [
        (_minus(rest, beta), plus(beta, unit(len(alpha), k)), _binomial(rest, beta))
        for beta in below(rest)
    ]


def below(alpha: MultiIndex) -> list[MultiIndex]:
    """Return all multi-indices that are at most ``alpha``, graded."""
    found = cartesian(*(range(count + 1) for count in alpha))
    return sorted(found, key=lambda beta: (sum(beta), tuple(-b for b in beta)))


@cache
def jet_space(dim: int, order: int) -> JetSpace:
    """Return the (cached) tables of jets in ``dim`` variables up to ``order``."""
    return JetSpace(dim, order)


def unit(dim: int, axis: int) -> MultiIndex:
    """Return the multi-index of one derivative by an axis."""
    return tuple(int(i == axis) for i in range(dim))


def plus(alpha: MultiIndex, beta: MultiIndex) -> MultiIndex:
    """Return the sum of two multi-indices."""
    return tuple(a + b for a, b in zip(alpha, beta, strict=True))


def _minus(alpha: MultiIndex, beta: MultiIndex) -> MultiIndex:
    """Return the difference of two multi-indices."""
    return tuple(a - b for a, b in zip(alpha, beta, strict=True))


def _binomial(alpha: MultiIndex, beta: MultiIndex) -> int:
    r"""Return :math:`\binom{\alpha}{\beta} = \prod_i \binom{\alpha_i}{\beta_i}`."""
    return prod(comb(a, b) for a, b in zip(alpha, beta, strict=True))


def _leq(beta: MultiIndex, alpha: MultiIndex) -> bool:
    return all(b <= a for b, a in zip(beta, alpha, strict=True))


def product(p: Tensor, z: Tensor, space: StreamTable) -> Tensor:
    r"""Return the streams of the product :math:`pz` by the rule of Leibniz.

    Args:
        p: Streams, shape (S, N, width).
        z: Streams of the same shape.
        space: Tables of the jets.
    """
    streams = [p[0] * z[a] for a in range(len(space))]
    for a, b, rest, factor in space.leibniz:
        if a != b:
            streams[a] = torch.addcmul(streams[a], p[rest], z[b], value=factor)
    return torch.stack(streams)


def compose(
    derivatives: Sequence[Tensor],
    z: Tensor,
    space: StreamTable,
    order: int,
    out: Tensor | None = None,
) -> list[Tensor]:
    r"""Return the streams of :math:`\sigma(z)` up to ``order``.

    Chain rule by recursion on the jet :math:`p` of :math:`\sigma'(z)`: for any axis
    :math:`k` with :math:`\alpha_k > 0`,

    .. math:: \partial^\alpha \sigma(z) = \sum_{\beta \le \alpha,\, \beta_k > 0}
        \binom{\alpha - e_k}{\beta - e_k} \, p_{\alpha - \beta} \, z_\beta .

    Args:
        derivatives: :math:`\sigma, \sigma', \ldots` at the value of ``z``, each
            (N, width), at least ``order + 1`` of them.
        z: Streams, shape (S, N, width).
        space: Tables of the jets of ``z``.
        order: Order of the result.
        out: Written in place when given, shape (>= result streams, N, width); without
            it every operation is differentiable.
    """
    slots: Sequence[Tensor | None] = (
        [None] * len(space) if out is None else out.unbind()
    )
    streams = [derivatives[0] if out is None else out[0].copy_(derivatives[0])]
    if order == 0:
        return streams
    p = compose(derivatives[1:], z, space, order - 1)
    for terms, slot in zip(
        space.chain[: space.size(order) - 1], slots[1:], strict=False
    ):
        (first, last, _), *others = terms
        stream = torch.mul(p[first], z[last], out=slot)
        for i, j, factor in others:
            stream = torch.addcmul(stream, p[i], z[j], value=factor, out=slot)
        streams.append(stream)
    return streams


def compose_adjoint(p: Sequence[Tensor], g: Tensor, space: StreamTable) -> Tensor:
    r"""Return the gradient of ``z`` from that of the streams of :math:`\sigma(z)`.

    A variation obeys :math:`\delta\sigma(z) = \sigma'(z)\,\delta z`, a Leibniz product
    with the jet :math:`p` of :math:`\sigma'(z)`; this is its transpose,

    .. math:: \bar z_\beta = \sum_{\alpha \ge \beta} \binom{\alpha}{\beta}
        p_{\alpha - \beta}\, \bar\sigma_\alpha .
    """
    out = torch.mul(g, p[0])
    for a, b, rest, factor in space.leibniz:
        if a != b:
            out[b].addcmul_(p[rest], g[a], value=factor)
    return out


def jet_of_callable(
    f: Callable[[Tensor], Tensor], inputs: Tensor, space: StreamTable
) -> Tensor:
    """Return the streams of any smooth pointwise function, shape (S, N, features).

    Args:
        f: Maps (N, dim) to (N, features), each row by itself, in torch operations.
        inputs: Shape (N, dim).
        space: Tables of the jets wanted.

    Example:
        >>> x = torch.tensor([[3.0, 2.0]])
        >>> area = jet_of_callable(lambda x: x[:, :1] * x[:, 1:], x, jet_space(2, 1))
        >>> area[:, 0, 0]  # the value and both derivatives
        tensor([6., 2., 3.])
    """

    def single(x: Tensor) -> Tensor:
        return f(x[None])[0]

    levels: list[Tensor] = []
    derivative: Callable[[Tensor], Tensor] = single
    for _ in range(space.order + 1):
        levels.append(vmap(derivative)(inputs))
        derivative = jacrev(derivative)
    streams = []
    for first, *others in space.streams:
        stream = _entry(levels, first)
        for alpha in others:
            stream = stream + _entry(levels, alpha)
        streams.append(stream)
    return torch.stack(streams)


def _entry(levels: Sequence[Tensor], alpha: MultiIndex) -> Tensor:
    """Return one derivative, given the tensors of all of each order."""
    entry = levels[sum(alpha)]
    for i in (i for i, count in enumerate(alpha) for _ in range(count)):
        entry = entry.select(-1, i)
    return entry


def in_functorch() -> bool:
    """Tell whether a torch.func transform (vmap, jvp, grad) is being applied."""
    return torch._C._are_functorch_transforms_active()
