r"""An affine map whose matrix is given by its singular value decomposition."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ._bijection import Bijection, Moments

__all__ = ["ConditionalSVD"]

LEAST = 1e-3


class ConditionalSVD(Bijection):
    r"""The map :math:`y = A(t)\,x + b(t)` with :math:`A = U \operatorname{diag}(s) V`.

    .. math:: U = \prod_{i=1}^d \Bigl(I - 2\,\frac{u_i u_i^T}{u_i^T u_i}\Bigr),
        \qquad s = e^\sigma + 10^{-3}

    and V likewise: the Householder vectors :math:`u_i, v_i`, the logarithms
    :math:`\sigma` and :math:`b` depend on time. A is invertible whatever they are.

    Args:
        dim: Number of axes d.

    Source: F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024), section 4.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.num_coefficients = 2 * dim * dim + 2 * dim

    @property
    def kind(self) -> Hashable:
        """See ``Bijection``."""
        return ConditionalSVD, self.dim

    def start_coefficients(self) -> Tensor:
        """Return vectors in random directions, V the inverse of U, s about 1, b = 0."""
        real, d = dde.config.real(torch), self.dim
        u = torch.randn(d, d, dtype=real)
        u = u / u.norm(dim=1, keepdim=True)
        rest = torch.zeros(2 * d, dtype=real)
        return torch.cat([u.flatten(), u.flip(0).flatten(), rest])

    @classmethod
    def prepare(cls, layers: Sequence[Any], coefficients: Tensor) -> list[Any]:
        """Return the streams of A, (1 or 2, T, d, d), and b, (1 or 2, T, d)."""
        d = layers[0].dim
        u, v, log_s, b = torch.split(coefficients, [d * d, d * d, d, d], dim=-1)
        U, V = (_reflections(w.reshape(*w.shape[:-1], d, d)) for w in (u, v))
        s = log_s[:1].exp()
        s = torch.cat([s + LEAST, s * log_s[1:]])
        A = _product(_product(U, torch.diag_embed(s)), V)
        return list(zip(A.unbind(dim=2), b.unbind(dim=2), strict=True))

    def forward(
        self, x: Tensor, prepared: tuple[Tensor, Tensor], moments: Moments
    ) -> Tensor:
        r"""See ``Bijection``; :math:`\dot y = A \dot x + \dot A x + \dot b`."""
        A, b = (moments.gather(w.transpose(0, 1)).unbind(1) for w in prepared)
        y = torch.matmul(A[0], x.unsqueeze(-1)).squeeze(-1)
        added = [b[0]]
        if len(A) > 1:
            added.append((A[1] @ x[0].unsqueeze(-1)).squeeze(-1) + b[1])
        first, *last = added
        return torch.cat(
            [y[:1] + first, y[1 : len(y) - len(last)], *(y[-1:] + w for w in last)]
        )

    def inverse(
        self, y: Tensor, prepared: tuple[Tensor, Tensor], moments: Moments
    ) -> Tensor:
        """See ``Bijection``."""
        A, b = (moments.gather(w[0]) for w in prepared)
        x: Tensor = torch.linalg.solve(A, y - b)
        return x


def _reflections(u: Tensor) -> Tensor:
    r"""Return the product of the reflections by d vectors, (streams, T, B, d, d).

    .. math:: P = I - 2\,n n^T, \qquad \dot P = -2\,(\dot n n^T + n \dot n^T), \qquad
        n = \frac{u}{|u|}, \qquad \dot n = \frac{\dot u - n\,(n \cdot \dot u)}{|u|}
    """
    d = u.shape[-1]
    length = u[0].norm(dim=-1, keepdim=True)
    n = u[0] / length
    streams = [torch.eye(d).to(n) - 2 * n.unsqueeze(-1) * n.unsqueeze(-2)]
    for rate in u[1:]:
        turn = (rate - n * (n * rate).sum(-1, keepdim=True)) / length
        mixed = turn.unsqueeze(-1) * n.unsqueeze(-2)
        streams.append(-2 * (mixed + mixed.transpose(-1, -2)))
    each = torch.stack(streams)
    whole = each[..., 0, :, :]
    for i in range(1, d):
        whole = _product(whole, each[..., i, :, :])
    return whole


def _product(A: Tensor, B: Tensor) -> Tensor:
    """Return the streams of a matrix product by the rule of Leibniz."""
    value = A[0] @ B[0]
    rates = [da @ B[0] + A[0] @ db for da, db in zip(A[1:], B[1:], strict=True)]
    return torch.stack([value, *rates])
