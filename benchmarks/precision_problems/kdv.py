r"""The equation of Korteweg and de Vries, where a wave breaks up into solitons.

.. math:: u_t + u u_x + \mu^2 u_{xxx} = 0, \qquad u(x, 0) = \cos \pi x, \qquad
    x \in (-1, 1) \text{ periodic}, \quad t \le 1, \quad \mu = 0.022 .

Published: DSGNAR (arXiv 2607.02194, table 1), sine networks, relative l2 9.55e-7 in
float32 (4 x 40, 275 s) and 8.24e-11 in float64 (1210 s), on a GPU.
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

from .base import Candidate, Case, grid, periodic_start
from .spectral import evolve, resample

DISPERSION = 0.022**2
HIDDEN = (30,) * 4
TIMES = 101


def initial(x: Tensor) -> Tensor:
    """Return the state at t = 0, (N, 1), at points (N, 1) or (N, 2)."""
    return torch.cos(math.pi * x[:, :1])


def exact() -> Candidate:
    r"""Columns (u, m), :math:`u_t + m_x = 0`; asked for: :math:`m = f(u, u_{xx})`."""
    net = NCL(
        [2, *HIDDEN, 2],
        "sin",
        "Glorot normal",
        periods=2.0,
        initial=InitialState(initial),
        served=2,
    )

    def residual(x: Tensor, y: Tensor) -> Tensor:
        u_xx = dde.grad.hessian(y, x, component=0, i=0, j=0)
        return y[:, 1:] - y[:, :1].square() / 2 - DISPERSION * u_xx

    return net, residual


def plain() -> Candidate:
    """A network of u, periodic, with a hard start; asked for: the equation."""

    def residual(x: Tensor, u: Tensor) -> Tensor:
        u_x = dde.grad.jacobian(u, x, j=0)
        u_xx = dde.grad.hessian(u, x, i=0, j=0)
        u_xxx = dde.grad.jacobian(u_xx, x, j=0)
        return dde.grad.jacobian(u, x, j=1) + u * u_x + DISPERSION * u_xxx

    return periodic_start(HIDDEN, initial, "sin"), residual


def solution(lattice: int, steps: int) -> Array:
    """Return u at equal intervals of time, (TIMES, lattice).

    Args:
        lattice: Points of the period.
        steps: Steps between two times.
    """
    start = np.cos(np.pi * axis(lattice))
    return evolve(
        start,
        2.0,
        lambda u: u**2 / 2,
        lambda k: 1j * DISPERSION * k**3,
        TIMES,
        1.0,
        steps,
    )


def axis(num: int) -> Array:
    """Return points of the period, (num,)."""
    return -1 + 2 * np.arange(num) / num


@cache
def reference() -> tuple[Array, Array]:
    """Return a grid of space-time and u on it, to some 1e-13."""
    values = resample(solution(432, 60), 256)
    return grid(axis(256), np.linspace(0, 1, TIMES)), values.T.reshape(-1, 1)


CASE = Case(
    networks={"exact": exact, "plain": plain},
    sampler=kronecker_box([-1.0, 0.0], [1.0, 1.0]),
    points=2000,
    reference=reference,
)
