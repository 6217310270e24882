r"""The heat equation between cold walls.

.. math:: u_t = u_{xx} / 4, \quad u(0, t) = u(1, t) = 0, \quad
    u = e^{-\pi^2 t/4} \sin \pi x, \qquad x \in (0, 1), \quad t \le 1 .

Published: energy natural gradients (arXiv 2302.13163), one layer of 64, RMS 2.7e-8.
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

CONDUCTIVITY = 0.25
HIDDEN = (64,)


def initial(x: Tensor) -> Tensor:
    """Return the state at t = 0, (N, 1), at points (N, 1) or (N, 2)."""
    return torch.sin(math.pi * x[:, :1])


def exact() -> Candidate:
    r"""Columns (u, m) with :math:`u_t + m_x = 0`; asked for: :math:`m = -u_x / 4`.

    The potential sees :math:`\cos \pi x` alone, so that its derivative u is an odd
    function about both walls, and 0 there.
    """
    net = features(
        NCL([2, *HIDDEN, 2], "tanh", "Glorot normal", initial=InitialState(initial)),
        lambda x: torch.cos(math.pi * x[:, :1]),
        lambda x: x[:, 1:],
    )

    def residual(x: Tensor, y: Tensor) -> Tensor:
        return y[:, 1:] + CONDUCTIVITY * dde.grad.jacobian(y, x, i=0, j=0)

    return net, residual


def plain() -> Candidate:
    r"""A network :math:`u = u_0 + t x (1 - x) N(x, t)`; asked for: the equation."""
    net = dde.nn.FNN([2, *HIDDEN, 1], "tanh", "Glorot normal")

    def hard(x: Tensor, y: Tensor) -> Tensor:
        return initial(x) + x[:, 1:] * x[:, :1] * (1 - x[:, :1]) * y

    net.apply_output_transform(hard)

    def residual(x: Tensor, u: Tensor) -> Tensor:
        u_xx = dde.grad.hessian(u, x, i=0, j=0)
        return dde.grad.jacobian(u, x, j=1) - CONDUCTIVITY * u_xx

    return net, residual


def solution(x: Array, t: Array) -> Array:
    """Return u at points (x, t), arrays of one shape."""
    return np.exp(-CONDUCTIVITY * np.pi**2 * t) * np.sin(np.pi * x)


@cache
def reference() -> tuple[Array, Array]:
    """Return a grid of space-time and u on it."""
    points = grid(np.linspace(0, 1, 101), np.linspace(0, 1, 101))
    return points, solution(points[:, 0], points[:, 1])[:, None]


CASE = Case(
    networks={"exact": exact, "plain": plain},
    sampler=kronecker_box([0.0, 0.0], [1.0, 1.0]),
    points=900,
    reference=reference,
    measure="RMS",
)
