r"""The flow in a cavity under a moving lid.

.. math:: u\cdot\nabla u + \nabla p = \nu \Delta u, \qquad \nabla\cdot u = 0,
    \qquad u = (4 x (1 - x), 0) \text{ on } y = 1, \quad 0 \text{ on other walls},
    \qquad (x, y) \in (0, 1)^2, \quad \nu = 0.01 .

At the ends of the lid its velocity falls to 0 with a slope, where the flow follows
Stokes' equations: with the distances a from the side and b from the lid,
:math:`\tan\theta = a/b` and :math:`r^2 = a^2 + b^2`,

.. math:: \psi = 2\theta r^2 - \pi a^2 - 2ab, \qquad p = \pm 8\nu \log r .

Compared is the velocity. Published: DSGNAR (arXiv 2607.02194, table 1), this lid, sine
networks, relative l2 of all fields 1.13e-4 in 403 s and 6.34e-4 in 80 s on a GPU.
"""

from __future__ import annotations

import math
from functools import cache

import deepxde as dde
import numpy as np
import torch
from torch import Tensor

from ncl_deepxde.arrays import Array
from ncl_deepxde.data import kronecker_box
from ncl_deepxde.nn import Incompressible, Wall
from ncl_deepxde.operators import laplacian

from .base import Candidate, Case, grid
from .stream_function import velocity

VISCOSITY = 0.01
HIDDEN = (30,) * 3


def corners(x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return a and b, (N, 1), of the left and the right end of the lid."""
    return [(x[:, :1], 1 - x[:, 1:]), (1 - x[:, :1], 1 - x[:, 1:])]


def lid(x: Tensor) -> Tensor:
    r"""Return a stream function, (N, 1), that is right on all walls.

    Each corner's flow fades by a Hermite polynomial to 0 on the walls that it does not
    know. What the two lack on the lid has double zeros at its ends.
    """
    total = -16 * (x[:, :1] * (1 - x[:, :1]) * x[:, 1:]) ** 2 * (x[:, 1:] - 1)
    for a, b in corners(x):
        fades = (1 - a) ** 2 * (1 + 2 * a) * (1 - b) ** 2 * (1 + 2 * b)
        square = a**2 + b**2
        flow = 2 * torch.atan2(a, b) * square - math.pi * a**2 - 2 * a * b
        total = total + fades * flow
    return total


def corner_pressure_gradient(x: Tensor) -> Tensor:
    """Return the gradient of the pressures of both corners, (N, 2)."""
    total = torch.zeros_like(x)
    for (a, b), sign in zip(corners(x), (1, -1), strict=True):
        slope = torch.cat([a, -sign * b], dim=1)
        total = total + 8 * VISCOSITY * slope / (a**2 + b**2)
    return total


def momentum(x: Tensor, y: Tensor) -> list[Tensor]:
    """Return the residuals of the momentum, twice (N, 1), for columns (u, v, p)."""
    found = []
    for i in range(2):
        slopes = dde.grad.jacobian(y, x, i=i)
        advection = (y[:, :2] * slopes).sum(dim=1, keepdim=True)
        p_i = dde.grad.jacobian(y, x, i=2, j=i)
        found.append(advection + p_i - VISCOSITY * laplacian(y, x, i, range(2)))
    return found


def exact() -> Candidate:
    r"""Columns (u, v, p) with :math:`\nabla\cdot u = 0`; asked for: the momentum.

    Walls are hard, and the corners built in.
    """
    square = dde.geometry.Rectangle([0.0, 0.0], [1.0, 1.0])
    net = Incompressible(
        [2, *HIDDEN, 3],
        "tanh",
        "Glorot normal",
        time=False,
        wall=Wall.of(square),
        slip=False,
        lifting=lid,
        served=2,
    )

    def residual(x: Tensor, y: Tensor) -> list[Tensor]:
        known = corner_pressure_gradient(x).split(1, dim=1)
        return [r + p for r, p in zip(momentum(x, y), known, strict=True)]

    return net, residual


def plain() -> Candidate:
    """Columns (u, v, p) with hard walls; asked for: momentum and incompressibility."""
    net = dde.nn.FNN([2, *HIDDEN, 3], "tanh", "Glorot normal")

    def hard(x: Tensor, y: Tensor) -> Tensor:
        across, up = x[:, :1] * (1 - x[:, :1]), x[:, 1:]
        wall = 16 * across * up * (1 - up)
        moving = torch.cat([4 * across * up**2, torch.zeros_like(up)], dim=1)
        return torch.cat([moving + wall * y[:, :2], y[:, 2:]], dim=1)

    net.apply_output_transform(hard)

    def residual(x: Tensor, y: Tensor) -> list[Tensor]:
        u_x, v_y = (dde.grad.jacobian(y, x, i=i, j=i) for i in range(2))
        return [*momentum(x, y), u_x + v_y]

    return net, residual


@cache
def reference() -> tuple[Array, Array]:
    """Return a grid and the velocity on it, to some 1e-6."""
    points = grid(np.linspace(0, 1, 101), np.linspace(0, 1, 101))
    return points, velocity(lid, VISCOSITY, 28, points)


CASE = Case(
    networks={"exact": exact, "plain": plain},
    sampler=kronecker_box([0.0, 0.0], [1.0, 1.0]),
    points=1000,
    reference=reference,
    columns=(0, 1),
)
