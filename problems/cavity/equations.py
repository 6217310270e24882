r"""The equations of the cavity, and what is known of its solution.

At the ends of the lid its velocity falls to 0 with a slope, where the flow follows
Stokes' equations: with the distances a from the side and b from the lid,
:math:`\tan\theta = a/b` and :math:`r^2 = a^2 + b^2`,

.. math:: \psi = 2\theta r^2 - \pi a^2 - 2ab, \qquad p = \pm 8\nu \log r .
"""

from __future__ import annotations

import math

import deepxde as dde
import torch
from torch import Tensor

from ncl_deepxde.operators import laplacian

__all__ = [
    "VISCOSITY",
    "corner_pressure",
    "corner_pressure_gradient",
    "lid",
    "momentum",
]

VISCOSITY = 0.01


def corners(x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return a and b, (N, 1), of the left and the right end of the lid."""
    return [(x[:, :1], 1 - x[:, 1:]), (1 - x[:, :1], 1 - x[:, 1:])]


def lid(x: Tensor) -> Tensor:
    r"""Return a stream function, (N, 1), that is right on all walls.

    Each corner's flow fades by a Hermite polynomial to 0 on the walls that it does not
    know. What the two lack on the lid has double zeros at its ends.

    Args:
        x: Points, (N, 2).
    """
    total = -16 * (x[:, :1] * (1 - x[:, :1]) * x[:, 1:]) ** 2 * (x[:, 1:] - 1)
    for a, b in corners(x):
        fades = (1 - a) ** 2 * (1 + 2 * a) * (1 - b) ** 2 * (1 + 2 * b)
        square = a**2 + b**2
        flow = 2 * torch.atan2(a, b) * square - math.pi * a**2 - 2 * a * b
        total = total + fades * flow
    return total


def corner_pressure(x: Tensor) -> Tensor:
    """Return the pressures of both corners, (N, 1), at points (N, 2)."""
    (left, right) = ((a**2 + b**2).log() / 2 for a, b in corners(x))
    return 8 * VISCOSITY * (left - right)


def corner_pressure_gradient(x: Tensor) -> Tensor:
    """Return the gradient of the pressures of both corners, (N, 2)."""
    total = torch.zeros_like(x)
    for (a, b), sign in zip(corners(x), (1, -1), strict=True):
        slope = torch.cat([a, -sign * b], dim=1)
        total = total + 8 * VISCOSITY * slope / (a**2 + b**2)
    return total


def momentum(x: Tensor, y: Tensor) -> list[Tensor]:
    r"""Return :math:`u\cdot\nabla u + \nabla p - \nu\Delta u`, twice (N, 1).

    Args:
        x: Points, (N, 2).
        y: Columns (u, v, p), (N, 3).
    """
    found = []
    for i in range(2):
        slopes = dde.grad.jacobian(y, x, i=i)
        advection = (y[:, :2] * slopes).sum(dim=1, keepdim=True)
        p_i = dde.grad.jacobian(y, x, i=2, j=i)
        found.append(advection + p_i - VISCOSITY * laplacian(y, x, i, range(2)))
    return found
