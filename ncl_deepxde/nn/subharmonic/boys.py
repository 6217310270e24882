r"""The integrals behind the potential of a Gaussian.

.. math:: F_n(s) = \int_0^1 \tau^{n-1} e^{-s\tau^2}\,d\tau, \qquad
    F_n' = -F_{n+2}, \qquad n F_n = 2s F_{n+2} + e^{-s} .

:math:`F_{2m+1}` is known as the Boys function of order m.

References:
    S. F. Boys, Electronic wave functions I (Proc. R. Soc. A 200, 1950), section 5.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

__all__ = ["boys"]

# Series below, recursion above: there neither loses more than a few digits' last place.
SEAM = 1.0


def boys(s: Tensor, n: int) -> Tensor:
    r"""Return :math:`F_n(s)`, differentiable to any order.

    Args:
        s: Non-negative, any shape.
        n: Positive integer.
    """
    value: Tensor = _Boys.apply(s, n)
    return value


class _Boys(Function):
    """F_n, whose derivative is -F_{n+2}: no branch of the formula is differentiated."""

    generate_vmap_rule = True

    @staticmethod
    def forward(s: Tensor, n: int) -> Tensor:
        above = _by_recursion(s.clamp(min=SEAM), n)
        return torch.where(s < SEAM, _by_series(s.clamp(max=SEAM), n), above)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, int], output: Tensor) -> None:
        s, ctx.n = inputs
        ctx.save_for_backward(s)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (s,) = ctx.saved_tensors
        return -grads[0] * boys(s, ctx.n + 2), None


def _by_series(s: Tensor, n: int) -> Tensor:
    r"""Return :math:`\sum_k (-s)^k / (k!\,(n + 2k))`, to round-off for s up to 1."""
    # The first term left out is below 1/k!, which is less than eps.
    num_terms = 18 if torch.finfo(s.dtype).eps < 1e-10 else 11
    value = torch.zeros_like(s)
    for k in reversed(range(num_terms)):
        value = value * -s + 1 / (math.factorial(k) * (n + 2 * k))
    return value


def _by_recursion(s: Tensor, n: int) -> Tensor:
    r"""Return :math:`F_n = ((n-2) F_{n-2} - e^{-s})/2s`, upwards from a closed form.

    .. math:: F_1 = \frac{\sqrt\pi}{2}\frac{\operatorname{erf}\sqrt s}{\sqrt s}, \qquad
        F_2 = \frac{1 - e^{-s}}{2s}
    """
    if n % 2:
        root = s.sqrt()
        value = torch.erf(root) / root * (math.sqrt(math.pi) / 2)
    else:
        value = -torch.expm1(-s) / (2 * s)
    for k in range(2 - n % 2, n, 2):
        value = (k * value - torch.exp(-s)) / (2 * s)
    return value
