r"""Velocity from momentum and back, with derivatives, by the Leibniz rule.

``levels`` is a list: outputs (N, C) with columns ``(rho, w_1..w_d, extras...)``, then
optionally their first (N, C, dim) and second (N, C, dim, dim) derivatives. Where
``axes`` are given, the last entry is the Laplacian (N, C) by these columns instead, a
sum of second derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

__all__ = ["Conversion", "slowed", "to_momentum", "to_velocity"]


class Conversion(Protocol):
    """A map from levels to levels."""

    def __call__(self, levels: list[Tensor], *, axes: Sequence[int]) -> list[Tensor]:
        """Return the levels of the converted outputs.

        Args:
            levels: Outputs and derivatives.
            axes: Columns of the Laplacian that the last level is, if any.
        """
        ...


def to_velocity(
    levels: list[Tensor], d: int, *, axes: Sequence[int] = ()
) -> list[Tensor]:
    r"""Replace the momentum ``m`` in columns 1..d by :math:`u = m / \rho`.

    .. math:: \rho\,\partial_i u = \partial_i m - u\,\partial_i\rho, \qquad
        \rho\,\partial_{ij} u = \partial_{ij} m - u\,\partial_{ij}\rho
        - \partial_i u\,\partial_j\rho - \partial_j u\,\partial_i\rho
    """
    inverse = 1 / levels[0][:, :1]
    u: list[Tensor] = []
    for level in levels:
        lower = _lower_terms(u, levels, axes)
        u.append((level[:, 1 : d + 1] - lower) * _pad(inverse, level))
    return _replaced(levels, u, d)


def to_momentum(
    levels: list[Tensor], d: int, *, axes: Sequence[int] = ()
) -> list[Tensor]:
    r"""Replace the velocity ``u`` in columns 1..d by :math:`m = \rho u`.

    .. math:: \partial_i m = \rho\,\partial_i u + u\,\partial_i\rho, \qquad
        \partial_{ij} m = \rho\,\partial_{ij} u + u\,\partial_{ij}\rho
        + \partial_i u\,\partial_j\rho + \partial_j u\,\partial_i\rho
    """
    rho = levels[0][:, :1]
    u = [level[:, 1 : d + 1] for level in levels]
    m = [w * _pad(rho, w) + _lower_terms(u[:k], levels, axes) for k, w in enumerate(u)]
    return _replaced(levels, m, d)


def slowed(
    levels: list[Tensor], rates: list[Tensor], mean: Tensor, paced: Sequence[int]
) -> list[Tensor]:
    r"""Return a flux on another clock :math:`c(t)`, its law and mean kept.

    .. math:: \rho' = \rho(x, c(t)), \qquad
        m' = \bar m + \dot c\,(m(x, c(t)) - \bar m)

    What is by time, a source as well as a flux, slows down with the clock.

    Args:
        levels: The flux at :math:`(x, c(t))` and its derivatives.
        rates: :math:`\dot c, \ddot c, \ldots`, each (N, 1), as many as levels.
        mean: Values :math:`\bar m` that stay, shape (P,).
        paced: Columns of m, P of them.
    """
    columns, d = list(paced), len(mean)
    played = [level.clone() for level in levels]
    for axis in range(1, len(levels)):
        for level in played[axis:]:
            level.select(axis + 1, -1).mul_(_pad(rates[0], level.select(axis + 1, -1)))
    if len(levels) > 2:
        played[2][..., -1, -1] += rates[1] * levels[1][..., -1]
    moving = [level[:, columns] for level in played]
    moving[0] = moving[0] - mean
    factor = [torch.zeros_like(level[:, :1]) for level in levels]
    for k, rate in enumerate(rates):
        last: tuple[Any, ...] = (..., *[-1] * k)
        factor[k][last] = rate
    product = to_momentum(
        [torch.cat(pair, dim=1) for pair in zip(factor, moving, strict=True)], d
    )
    m = [level[:, 1:] for level in product]
    m[0] = m[0] + mean
    for level, new in zip(played, m, strict=True):
        level[:, columns] = new
    return played


def _lower_terms(u: list[Tensor], levels: list[Tensor], axes: Sequence[int]) -> Tensor:
    """Return the terms of the derivative of rho u in which rho is differentiated."""
    rho = [level[:, :1] for level in levels]
    if len(u) == 0:
        return rho[0].new_zeros(())
    if len(u) == 1:
        return u[0].unsqueeze(-1) * rho[1]
    if axes:
        products = (u[1] * rho[1])[..., list(axes)]
        return u[0] * rho[2] + 2 * products.sum(-1)
    mixed = u[1].unsqueeze(-1) * rho[1].unsqueeze(-2)
    return u[0][..., None, None] * rho[2] + mixed + mixed.transpose(-1, -2)


def _pad(factor: Tensor, level: Tensor) -> Tensor:
    return factor.reshape(-1, *[1] * (level.ndim - 1))


def _replaced(levels: list[Tensor], w: list[Tensor], d: int) -> list[Tensor]:
    return [
        torch.cat([level[:, :1], new, level[:, d + 1 :]], dim=1)
        for level, new in zip(levels, w, strict=True)
    ]
