r"""Maps of an interval to itself that grow, with parameters that depend on the time.

.. math:: M(y) = \frac{N(y)}{N(1)}, \qquad N(y) = y/K + \sum_{k=1}^K w_k
    \big(\sigma(s_k (y - c_k)) - \sigma(-s_k c_k)\big), \qquad w_k, s_k > 0 ,

with the logistic function :math:`\sigma`: :math:`M(0) = 0`, :math:`M(1) = 1` and
:math:`M' > 0` whatever the parameters. Every term of M' is positive, so that it is so
in floating point, too. Several maps, one after the other, are a deep network in which
all ways from y have positive weights.

References:
    C.-W. Huang, D. Krueger, A. Lacoste, A. Courville, Neural Autoregressive Flows
    (ICML 2018), https://arxiv.org/abs/1804.00779: deep sigmoidal flows.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...jets import activations
from ...jets.jets import StreamTable, compose, product

__all__ = ["monotone_maps", "num_parameters"]

SOFTPLUS, SIGMOID = activations.get("softplus"), activations.get("sigmoid")
STEEPNESS = 4.0
"""Steepness of a term at the start, in units of 1 by the distance of the centers."""


def num_parameters(maps: int, terms: int) -> int:
    """Return the number of channels that some maps of some terms each take."""
    return maps * 3 * terms


def monotone_maps(
    y: Tensor, parameters: Tensor, maps: int, space: StreamTable
) -> Tensor:
    """Return the streams of maps of y, one after the other, (S, N, 1).

    Args:
        y: Streams of what is mapped, values in [0, 1], (S, N, 1).
        parameters: Streams of the channels, (S, N, maps * 3 * K): of each map the
            weights, the steepnesses, the centers, all of any sign.
        maps: Number of maps.
        space: Tables of the jets.
    """
    for part in parameters.chunk(maps, dim=-1):
        y = _map(y, part, space)
    return y


def _map(y: Tensor, parameters: Tensor, space: StreamTable) -> Tensor:
    """Return the streams of one map."""
    a, b, c = parameters.chunk(3, dim=-1)
    terms = a.shape[-1]
    w = _of(SOFTPLUS, a, space)
    first = math.log(math.expm1(STEEPNESS * terms / 4))
    s = _of(SOFTPLUS, _plus(b, first), space)
    grid = (torch.arange(terms, dtype=y.dtype, device=y.device) + 0.5) / terms
    c = _plus(c / terms, grid)
    at_0, at_1 = torch.zeros_like(c), torch.zeros_like(c)
    at_1[0] = 1.0
    levels = [
        _of(SIGMOID, product(s, place - c, space), space)
        for place in (y.expand_as(c), at_0, at_1)
    ]
    mapped, whole = (
        product(w, level - levels[1], space).sum(dim=-1, keepdim=True)
        for level in (levels[0], levels[2])
    )
    mapped, whole = mapped + y / terms, _plus(whole, 1 / terms)
    return product(mapped, _reciprocal(whole, space), space)


def _of(function: activations.Activation, z: Tensor, space: StreamTable) -> Tensor:
    """Return the streams of a function of z."""
    derivatives = function.derivatives(z[0], space.order)
    return torch.stack(compose(derivatives, z, space, space.order))


def _reciprocal(z: Tensor, space: StreamTable) -> Tensor:
    r"""Return the streams of 1/z, :math:`(1/z)^{(n)} = (-1)^n n!\, z^{-n-1}`."""
    derivatives = [1 / z[0]]
    for n in range(space.order):
        derivatives.append(-(n + 1) * derivatives[n] * derivatives[0])
    return torch.stack(compose(derivatives, z, space, space.order))


def _plus(z: Tensor, constant: Tensor | float) -> Tensor:
    """Return the streams of z + constant."""
    return torch.cat([z[:1] + constant, z[1:]])
