r"""The logarithm of a density that spreads in nine dimensions.

.. math:: p_t = \nabla\cdot(x p) / 2 + \Delta p, \qquad p = N(0, (2 - e^{-t}) I),
    \qquad x \in (-5, 5)^9, \quad t \le 1,

by :math:`q = \log p`, since p itself falls to :math:`10^{-53}`. Compared are the values
of q at points that are uniform in space and time.

Published: arXiv 2405.15603, relative l2 0.023 (Hessian-free), 0.026 (Kronecker factors)
and 0.18 (Adam) after 6000 s on a GPU.
"""

from __future__ import annotations

import math
from functools import cache

import deepxde as dde
import numpy as np
import torch
from torch import Tensor

from ncl_deepxde.arrays import Array
from ncl_deepxde.data import Condition, initial_slice, kronecker_box
from ncl_deepxde.nn import LFlow
from ncl_deepxde.operators import laplacian

from .base import Candidate, Case, features

DIM = 9
HALF = 5.0
HIDDEN = (64, 64)


def initial(x: Tensor) -> Tensor:
    """Return q at t = 0, (N, 1), at points (N, DIM) or (N, DIM + 1)."""
    square = x[:, :DIM].square().sum(dim=1, keepdim=True)
    return -square / 2 - DIM / 2 * math.log(2 * math.pi)


class LogFlow(LFlow):
    """A flow with the columns (q, u_1..u_d) of inputs (x_1..x_d, t)."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (N, 1 + d)."""
        return torch.cat([self.log_density(inputs), self.velocity(inputs)], dim=1)


def exact() -> Candidate:
    r"""A flow, :math:`p_t + \nabla\cdot(p u) = 0`; asked for: :math:`u` as it must be.

    .. math:: u = -x/2 - \nabla q

    Any normal density is in the family of the flow. The start is a soft condition.
    """
    net = LogFlow(DIM, blocks=1, depth=1, width=2, frequency=1.0, time_embedding=(8,))

    def residual(x: Tensor, y: Tensor) -> list[Tensor]:
        gradient = dde.grad.jacobian(y, x, i=0)[:, :DIM]
        return [*(y[:, 1:] + x[:, :DIM] / 2 + gradient).split(1, dim=1)]

    return net, residual


def plain() -> Candidate:
    r"""A network :math:`q = q_0 + t N(x / 5, t)`; asked for: the equation of q.

    .. math:: q_t = d/2 + x\cdot\nabla q / 2 + \Delta q + |\nabla q|^2
    """
    net = features(
        dde.nn.FNN([DIM + 1, *HIDDEN, 1], "tanh", "Glorot normal"),
        lambda x: x[:, :DIM] / HALF,
        lambda x: x[:, DIM:],
    )
    net.apply_output_transform(lambda x, y: initial(x) + x[:, DIM:] * y)

    def residual(x: Tensor, q: Tensor) -> Tensor:
        slopes = dde.grad.jacobian(q, x, i=0)
        gradient, rate = slopes[:, :DIM], slopes[:, DIM:]
        drift = (gradient * (x[:, :DIM] / 2 + gradient)).sum(dim=1, keepdim=True)
        return rate - DIM / 2 - drift - laplacian(q, x, 0, range(DIM))

    return net, residual


def starts_right(x: Tensor, y: Tensor) -> list[Tensor]:
    """Return the defect of q at t = 0, (N, 1)."""
    return [y[:, :1] - initial(x)]


def solution(x: Array, t: Array) -> Array:
    """Return q at points (..., DIM) and times (...)."""
    variance = 2 - np.exp(-t)
    square = (x**2).sum(axis=-1)
    return -square / (2 * variance) - DIM / 2 * np.log(2 * np.pi * variance)


@cache
def reference() -> tuple[Array, Array]:
    """Return uniform points of space-time and q there."""
    points = np.random.default_rng(0).uniform(size=(10_000, DIM + 1))
    points[:, :DIM] = HALF * (2 * points[:, :DIM] - 1)
    return points, solution(points[:, :DIM], points[:, DIM])[:, None]


BOX = ([-HALF] * DIM, [HALF] * DIM)
MOMENTS = 5


def few_moments(n: int, generator: torch.Generator) -> Tensor:
    """Draw n points of space-time at MOMENTS times: flows work by distinct times."""
    x = kronecker_box(*BOX)(n, generator)
    first = torch.rand(1, generator=generator, device=generator.device)
    t = (first + torch.arange(n, device=generator.device) % MOMENTS) / MOMENTS
    return torch.cat([x, t[:, None].to(x)], dim=1)


CASE = Case(
    networks={"exact": exact, "plain": plain},
    sampler=few_moments,
    points=200,
    reference=reference,
    conditions={
        "exact": (
            Condition(
                "initial",
                initial_slice(kronecker_box(*BOX)),
                200,
                starts_right,
                has_derivatives=False,
            ),
        )
    },
)
