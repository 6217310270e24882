r"""Two standing waves of different frequency.

.. math:: u_{tt} = c^2 u_{xx}, \quad u(0, t) = u(1, t) = 0, \quad
    u = \sin \pi x \cos c\pi t + \tfrac12 \sin 4\pi x \cos 4c\pi t, \qquad
    x \in (0, 1), \quad t \le 1, \quad c = 2 .

Published: DSGNAR (arXiv 2607.02194, table 1), sine networks, relative l2 5.41e-7 in
float32 (4 x 40, 70 s) and 1.20e-15 in float64 (4 x 60, 635 s), on a GPU.
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
from ncl_deepxde.nn import NCL, InitialState

from .base import Candidate, Case, features, grid

SPEED = 2.0
HIDDEN = (30,) * 3


def initial(x: Tensor) -> Tensor:
    """Return the state at t = 0, (N, 1), at points (N, 1) or (N, 2)."""
    angle = math.pi * x[:, :1]
    return torch.sin(angle) + torch.sin(4 * angle) / 2


def exact() -> Candidate:
    r"""Columns (u, w) with :math:`u_t + w_x = 0`; asked for: :math:`w_t = -c^2 u_x`.

    Both vary with time. The potential sees :math:`\cos \pi x` alone, so that its
    derivative u is an odd function about both walls, and 0 there.
    """
    net = features(
        NCL(
            [2, *HIDDEN, 2],
            "sin",
            "Glorot normal",
            initial=InitialState(initial, momentum=torch.zeros_like),
        ),
        lambda x: torch.cos(math.pi * x[:, :1]),
        lambda x: SPEED * math.pi * x[:, 1:],
    )

    def residual(x: Tensor, y: Tensor) -> Tensor:
        u_x = dde.grad.jacobian(y, x, i=0, j=0)
        return dde.grad.jacobian(y, x, i=1, j=1) + SPEED**2 * u_x

    return net, residual


def plain() -> Candidate:
    r"""A network of u, of hard start and walls; asked for: the equation.

    .. math:: u = u_0 + t^2 x (1 - x) N(\pi x, c \pi t)
    """
    net = features(
        dde.nn.FNN([2, *HIDDEN, 1], "sin", "Glorot normal"),
        lambda x: math.pi * x[:, :1],
        lambda x: SPEED * math.pi * x[:, 1:],
    )

    def hard(x: Tensor, y: Tensor) -> Tensor:
        return initial(x) + x[:, 1:] ** 2 * x[:, :1] * (1 - x[:, :1]) * y

    net.apply_output_transform(hard)

    def residual(x: Tensor, u: Tensor) -> Tensor:
        u_xx = dde.grad.hessian(u, x, i=0, j=0)
        return dde.grad.hessian(u, x, i=1, j=1) - SPEED**2 * u_xx

    return net, residual


def solution(x: Array, t: Array) -> Array:
    """Return u at points (x, t), arrays of one shape."""
    waves = [
        np.sin(n * np.pi * x) * np.cos(n * SPEED * np.pi * t) / size
        for n, size in ((1, 1), (4, 2))
    ]
    return np.add(*waves)


@cache
def reference() -> tuple[Array, Array]:
    """Return a grid of space-time and u on it."""
    points = grid(np.linspace(0, 1, 129), np.linspace(0, 1, 101))
    return points, solution(points[:, 0], points[:, 1])[:, None]


CASE = Case(
    networks={"exact": exact, "plain": plain},
    sampler=kronecker_box([0.0, 0.0], [1.0, 1.0]),
    points=2000,
    reference=reference,
)
