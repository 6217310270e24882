r"""Losses of the Hodge decomposition, for the remainder r of a field and a network.

.. math:: \mathbb E\,|r|^2, \qquad
    \mathbb E\,\|J_r - J_r^T\|_F^2, \qquad
    \mathbb E\,(\operatorname{div} r)^2, \qquad (J_r)_{ij} = \partial_j r_i ,

over uniform points of the torus. The first one projects: gradients, divergence-free
fields and constants are orthogonal. The second one does not see gradients at all, the
third one nothing but gradients. Each of them is the exact integrand, with n products by
the Jacobian, or an unbiased estimate of it with one or two.

Source: J. Richter-Powell et al., Neural Conservation Laws (NeurIPS 2022), (14), without
the square, https://arxiv.org/abs/2210.01741.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.func import jvp, vjp, vmap

from ncl_deepxde.data import uniform_box
from ncl_deepxde.nn.base.checks import check_choice, check_counts

from .target import PERIOD

__all__ = ["LOSSES", "Objective", "curl_squared", "divergence_squared"]

Field = Callable[[Tensor], Tensor]


def curl_squared(
    r: Field, x: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    r"""Return :math:`\|J - J^T\|_F^2`, or an estimate of it, (N, 1).

    With :math:`\mathbb E\,w w^T = I`, :math:`\mathbb E_w |M w|^2 = \|M\|_F^2`; here w
    has random signs, which for antisymmetric M vary less than normal numbers.

    Args:
        r: Maps (N, n) to (N, n), row by row.
        x: Points, (N, n).
        generator: Draws w; exact if ``None``.
    """
    if generator is None:
        J = _jacobian(r, x)
        return (J - J.transpose(1, 2)).square().sum(dim=(1, 2))[:, None]
    w = _signs(x, generator)
    pull: Any = vjp(r, x)[1]
    defect: Tensor = _push(r, x, w) - pull(w)[0]
    return defect.square().sum(dim=1, keepdim=True)


def divergence_squared(
    r: Field, x: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    r"""Return :math:`(\operatorname{tr} J)^2`, or an estimate of it, (N, 1).

    The estimate :math:`(w \cdot Jw)(s \cdot Js)` has two independent vectors: the
    square of one would not be unbiased. It may be negative, and where the divergence
    vanishes it does so in the mean only.

    Args:
        r: Maps (N, n) to (N, n), row by row.
        x: Points, (N, n).
        generator: Draws w and s; exact if ``None``.
    """
    if generator is None:
        trace = _jacobian(r, x).diagonal(dim1=1, dim2=2).sum(dim=1, keepdim=True)
        return trace.square()
    w, s = _signs(x, generator), _signs(x, generator)
    # One pass for both.
    both = _push(r, torch.cat([x, x]), torch.cat([w, s]))
    first, second = (torch.cat([w, s]) * both).sum(dim=1, keepdim=True).chunk(2)
    return first * second


def _square(r: Field, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    return r(x).square().sum(dim=1, keepdim=True)


LOSSES = {
    "projection": _square,
    "curl": curl_squared,
    "divergence": divergence_squared,
}


class Objective:
    """A loss per component at fresh points of the torus, for ``SampledObjective``.

    Args:
        field: The field to decompose, maps (N, n) to (N, n).
        dim: n.
        loss: A key of ``LOSSES``.
        batch: Number of points.
        exact: Whether derivatives are exact or estimated.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self, field: Field, dim: int, *, loss: str, batch: int, exact: bool = False
    ) -> None:
        check_choice("loss", loss, tuple(LOSSES))
        check_counts(batch=(batch, 1))
        self.field, self.dim, self.batch = field, dim, batch
        self.loss, self.is_exact = loss, exact
        side = PERIOD / 2
        self._sample = uniform_box([-side] * dim, [side] * dim)

    def with_batch(self, batch: int) -> Objective:
        """Return the same loss with another number of points."""
        return Objective(
            self.field, self.dim, loss=self.loss, batch=batch, exact=self.is_exact
        )

    def __call__(
        self, net: torch.nn.Module, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the loss of ``field - net`` by its name."""
        x = self._sample(self.batch, generator)
        probes = None if self.is_exact else generator
        values = LOSSES[self.loss](lambda y: self.field(y) - net(y), x, probes)
        return {self.loss: values.mean() / self.dim}


def _push(r: Field, x: Tensor, w: Tensor) -> Tensor:
    """Return J w, (N, n)."""
    found: Tensor = jvp(r, (x,), (w,))[1]
    return found


def _jacobian(r: Field, x: Tensor) -> Tensor:
    """Return J, (N, n, n), column by column."""
    basis = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    columns = vmap(lambda e: _push(r, x, e.expand_as(x)))(basis)
    return columns.permute(1, 2, 0)


def _signs(x: Tensor, generator: torch.Generator) -> Tensor:
    bits = torch.randint(2, x.shape, generator=generator, device=x.device)
    return (2 * bits - 1).to(x.dtype)
