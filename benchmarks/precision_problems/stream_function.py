r"""Steady flow in the unit square between walls, by its stream function.

.. math:: \nu\int \Delta\psi\,\Delta\varphi + \int \Delta\psi\,
    (\psi_y \varphi_x - \psi_x \varphi_y) = 0, \qquad
    \psi = \ell + (x (1 - x) y (1 - y))^2 q(x, y)

for all :math:`\varphi` of the kind of the second part, polynomials q of a degree, with
a known :math:`\ell` that is right on the walls: the method of Galerkin, by Newton's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from numpy.polynomial import Chebyshev, Polynomial
from torch import Tensor

from ncl_deepxde.arrays import Array

from .base import grid

Known: TypeAlias = Callable[[Tensor], Tensor]


def velocity(known: Known, viscosity: float, degree: int, points: Array) -> Array:
    r"""Return :math:`(\psi_y, -\psi_x)`, (N, 2), at points (N, 2).

    Args:
        known: :math:`\ell`, (N, 2) -> (N, 1).
        viscosity: :math:`\nu`.
        degree: Of q in each direction.
        points: Where to evaluate.
    """
    nodes, weights = np.polynomial.legendre.leggauss(2 * degree + 20)
    lattice = grid((nodes + 1) / 2, (nodes + 1) / 2)
    root = np.sqrt(np.outer(weights, weights).ravel() / 4)
    rows = [root[:, None] * table for table in _basis(lattice, degree)]
    # In other functions, whose Laplacians are orthonormal, rounding does not grow.
    lap, R = np.linalg.qr(rows[2])
    by_x, by_y = (np.linalg.solve(R.T, table.T).T for table in rows[:2])
    at_start = _derivatives(known, lattice)
    c = np.zeros(len(R))
    for _ in range(20):
        x, y = (
            value + table @ c / root
            for value, table in zip(at_start[:2], (by_x, by_y), strict=True)
        )
        vorticity = root * at_start[2] + lap @ c
        test = viscosity * lap + y[:, None] * by_x - x[:, None] * by_y
        turned = (vorticity / root)[:, None]
        slopes = test.T @ lap + by_x.T @ (turned * by_y) - by_y.T @ (turned * by_x)
        step = np.linalg.solve(slopes, test.T @ vorticity)
        c -= step
        if np.linalg.norm(step) < 1e-12 * np.linalg.norm(c):
            break
    coefficients = np.linalg.solve(R, c)
    x, y = (
        value + table @ coefficients
        for value, table in zip(
            _derivatives(known, points)[:2], _basis(points, degree)[:2], strict=True
        )
    )
    return np.stack([y, -x], axis=1)


def _basis(points: Array, degree: int) -> tuple[Array, Array, Array]:
    """Return the slopes by x and y and the Laplacians of the basis, (N, K) each."""
    bubble = Polynomial([0, 0, 1, -2, 1]).convert(kind=Chebyshev, domain=[0, 1])
    functions = [Chebyshev.basis(k, domain=[0, 1]) * bubble for k in range(degree + 1)]

    def table(axis: int, order: int) -> Array:
        values = [f.deriv(order)(points[:, axis]) for f in functions]
        return np.stack(values, axis=1)

    def product(i: int, j: int) -> Array:
        pairs = table(0, i)[:, :, None] * table(1, j)[:, None, :]
        return pairs.reshape(len(points), -1)

    return product(1, 0), product(0, 1), product(2, 0) + product(0, 2)


def _derivatives(known: Known, points: Array) -> tuple[Array, Array, Array]:
    """Return the slopes by x and y and the Laplacian of the known part, (N,) each."""
    x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(known(x).sum(), x, create_graph=True)
    seconds = [
        torch.autograd.grad(slopes[:, i].sum(), x, retain_graph=True)[0][:, i]
        for i in range(2)
    ]
    found = (slopes[:, 0], slopes[:, 1], seconds[0] + seconds[1])
    return tuple(value.detach().numpy() for value in found)
