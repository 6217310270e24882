r"""An affine map whose matrix is given by its singular value decomposition."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import deepxde as dde
import torch
from torch import Tensor
from torch.autograd import Function

from ..jets.jets import in_functorch
from .bijection import Bijection
from .moments import Moments

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

    References:
        F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024), section 4.
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
        both = torch.stack([u, v], dim=2)
        both = both.reshape(*both.shape[:-1], d, d)
        U, V = _reflections(both).unbind(dim=2)
        s = log_s[:1].exp()
        s = torch.cat([s + LEAST, s * log_s[1:]])
        A = _product(_product(U, torch.diag_embed(s)), V)
        return list(zip(A.unbind(dim=2), b.unbind(dim=2), strict=True))

    def forward(
        self, x: Tensor, prepared: tuple[Tensor, Tensor], moments: Moments
    ) -> Tensor:
        r"""See ``Bijection``; :math:`\dot y = A \dot x + \dot A x + \dot b`."""
        A, b = prepared
        table = torch.cat([A.flatten(-2), b], dim=-1)
        rows = x.permute(2, 0, 1)
        move = _affine if in_functorch() else _AffineMap.apply
        y: Tensor = move(rows, table, moments)
        return y.permute(1, 2, 0)

    def inverse(
        self, y: Tensor, prepared: tuple[Tensor, Tensor], moments: Moments
    ) -> Tensor:
        """See ``Bijection``."""
        A, b = (moments.gather(w[0]) for w in prepared)
        x: Tensor = torch.linalg.solve(A, y - b)
        return x


class _AffineMap(Function):
    """The map in one piece, of which only the points are kept for the backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, table: Tensor, moments: Moments) -> Tensor:
        ctx.save_for_backward(x, table)
        ctx.moments = moments
        return _affine(x, table, moments)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        (g,) = grads
        x, table = ctx.saved_tensors
        (A, _), *rates = _columns(table, ctx.moments, len(x))
        g_x = (A.unsqueeze(2) * g.unsqueeze(1)).sum(0)
        sums = [(g.unsqueeze(1) * x).sum(2).flatten(0, 1), g[:, 0]]
        for dA, _ in rates:
            last = g[:, -1]
            value = g_x[:, 0] + (dA * last.unsqueeze(1)).sum(0)
            g_x = torch.cat([value.unsqueeze(1), g_x[:, 1:]], dim=1)
            sums += [(last.unsqueeze(1) * x[:, 0]).flatten(0, 1), last]
        g_table = ctx.moments.scatter_columns(torch.cat(sums))
        return g_x, g_table.unflatten(1, (len(table), -1)).transpose(0, 1), None


def _affine(x: Tensor, table: Tensor, moments: Moments) -> Tensor:
    """Return the streams (d, S, N) of y from those of x and a table of A and b.

    Args:
        x: Shape (d, S, N).
        table: Shape (1 or 2, T, d^2 + d), value and time derivative.
        moments: Row of the table of each point.
    """
    (A, b), *rates = _columns(table, moments, len(x))
    y = (A.unsqueeze(2) * x).sum(1)
    parts = [y[:, :1] + b.unsqueeze(1), y[:, 1 : y.shape[1] - len(rates)]]
    for dA, db in rates:
        change = (dA * x[:, 0]).sum(1) + db
        parts.append(y[:, -1:] + change.unsqueeze(1))
    return torch.cat(parts, dim=1)


def _columns(table: Tensor, moments: Moments, d: int) -> list[tuple[Tensor, Tensor]]:
    """Return A and b of each point, (d, d, N) and (d, N), then their derivatives."""
    found = [moments.gather_columns(w) for w in table]
    return [(w[: d * d].reshape(d, d, w.shape[1]), w[d * d :]) for w in found]


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
