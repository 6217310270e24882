r"""Velocity from momentum and back, with derivatives, by the Leibniz rule.

``levels`` is a list: outputs (N, C) with columns ``(rho, w_1..w_d, extras...)``, then
optionally their first (N, C, dim) and second (N, C, dim, dim) derivatives.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["to_momentum", "to_velocity"]


def to_velocity(levels: list[Tensor], d: int) -> list[Tensor]:
    r"""Replace the momentum ``m`` in columns 1..d by :math:`u = m / \rho`.

    .. math:: \rho\,\partial_i u = \partial_i m - u\,\partial_i\rho, \qquad
        \rho\,\partial_{ij} u = \partial_{ij} m - u\,\partial_{ij}\rho
        - \partial_i u\,\partial_j\rho - \partial_j u\,\partial_i\rho
    """
    inverse = 1 / levels[0][:, :1]
    u: list[Tensor] = []
    for level in levels:
        u.append((level[:, 1 : d + 1] - _lower_terms(u, levels)) * _pad(inverse, level))
    return _replaced(levels, u, d)


def to_momentum(levels: list[Tensor], d: int) -> list[Tensor]:
    r"""Replace the velocity ``u`` in columns 1..d by :math:`m = \rho u`.

    .. math:: \partial_i m = \rho\,\partial_i u + u\,\partial_i\rho, \qquad
        \partial_{ij} m = \rho\,\partial_{ij} u + u\,\partial_{ij}\rho
        + \partial_i u\,\partial_j\rho + \partial_j u\,\partial_i\rho
    """
    rho = levels[0][:, :1]
    u = [level[:, 1 : d + 1] for level in levels]
    m = [w * _pad(rho, w) + _lower_terms(u[:k], levels) for k, w in enumerate(u)]
    return _replaced(levels, m, d)


def _lower_terms(u: list[Tensor], levels: list[Tensor]) -> Tensor:
    """Return the terms of the derivative of rho u in which rho is differentiated."""
    rho = [level[:, :1] for level in levels]
    if len(u) == 0:
        return rho[0].new_zeros(())
    if len(u) == 1:
        return u[0].unsqueeze(-1) * rho[1]
    mixed = u[1].unsqueeze(-1) * rho[1].unsqueeze(-2)
    return u[0][..., None, None] * rho[2] + mixed + mixed.transpose(-1, -2)


def _pad(factor: Tensor, level: Tensor) -> Tensor:
    return factor.reshape(-1, *[1] * (level.ndim - 1))


def _replaced(levels: list[Tensor], w: list[Tensor], d: int) -> list[Tensor]:
    return [
        torch.cat([level[:, :1], new, level[:, d + 1 :]], dim=1)
        for level, new in zip(levels, w, strict=True)
    ]
