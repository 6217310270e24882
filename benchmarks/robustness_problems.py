"""Problems of ``robustness.py``: small models that a step of takes tenths of a second.

The flows of the torus and of the ball are those of the presets, in smaller networks;
Burgers' equation is that of ``precision_problems``, Kovasznay's flow that of
``examples/kovasznay.py`` with its plain network. The stiff reaction is DeepXDE's
example of Allen and Cahn, a plain network with hard start and walls,

    u_t = u_xx / 1000 + 5 (u - u^3),  u(x, 0) = x^2 cos(pi x),  u(-1, t) = u(1, t) = -1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import deepxde as dde
import numpy as np
import torch
from precision_problems import CASES
from torch import Tensor

from ncl_deepxde.arrays import Array
from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.problems.euler.ball.problem import PROBLEM as BALL
from ncl_deepxde.problems.euler.torus.problem import PROBLEM as TORUS

__all__ = ["PROBLEMS", "Judge", "Trial", "trial"]

HIDDEN = (20,) * 3
JUDGE_SEED, JUDGE_POINTS = 20_000, 1000
"""Seed and number of the points that judge a run; no run has this seed."""

RANGE = 0.001
RATE = 5.0
REYNOLDS = 20
DECAY = REYNOLDS / 2 - math.sqrt(REYNOLDS**2 / 4 + 4 * math.pi**2)


@dataclass(frozen=True)
class Trial:
    """A model to be compiled, and the weight of each of its loss terms.

    Attributes:
        model: The model.
        weights: Numbers, or None where all are one.
    """

    model: dde.Model
    weights: Sequence[float] | None = None


class Judge:
    """Tells the loss of a network at points that are always the same.

    Args:
        problem: A name in ``PROBLEMS``.
    """

    def __init__(self, problem: str) -> None:
        self._trial = trial(problem, JUDGE_POINTS, JUDGE_SEED)

    def loss(self, net: torch.nn.Module) -> float:
        """Return the weighted loss of a network of the problem."""
        data = self._trial.model.data
        model = dde.Model(data, net)
        weights = self._trial.weights
        model.compile("adam", lr=1e-3, loss_weights=weights, verbose=0)
        points, _ = data.test()
        return float(model.outputs_losses_test(points, None, None)[1].sum().detach())


def trial(problem: str, points: int, seed: int, held_out: int | None = None) -> Trial:
    """Return a fresh model of a problem in DeepXDE's float type.

    Args:
        problem: A name in ``PROBLEMS``.
        points: Points of a step, of the equations and all conditions together.
        seed: Of the weights and of the points.
        held_out: Points of DeepXDE's test; as many as those of a step where nobody
            says how many, as in a ``Collocation``.
    """
    dde.config.set_random_seed(seed)
    found = PROBLEMS[problem](points, seed)
    found.model.data.num_test = held_out or points
    return found


def flow(problem: Any, name: str, points: int, seed: int) -> Trial:
    """Return a flow of the torus or the ball, with the weights of its preset."""
    settings = problem.presets["quick"].settings(name)
    # Hard starts leave all points to the equations.
    soft = 0 if name.endswith("hard") else points // 3
    sizes = {"num_domain": points - soft, "num_initial": max(1, soft)}
    sizes |= {"width": HIDDEN[0], "depth": len(HIDDEN)}
    settings = replace(settings, float_type=dde.config.default_float(), **sizes)
    experiment = problem.build(name, settings, seed)
    # The first stage knows the weights.
    experiment.stages[0].compile(experiment.model)
    return Trial(experiment.model, experiment.model.loss_weights)


def burgers(network: str, points: int, seed: int) -> Trial:
    """Return Burgers' equation for the exact or the plain network."""
    return Trial(CASES["burgers"].model(network, seed, points))


def allen_cahn(points: int, seed: int) -> Trial:
    """Return the stiff reaction."""

    def residual(x: Tensor, u: Tensor) -> Tensor:
        u_xx = dde.grad.hessian(u, x, i=0, j=0)
        found: Tensor = dde.grad.jacobian(u, x, j=1) - RANGE * u_xx
        return found - RATE * (u - u**3)

    def hard(x: Tensor, y: Tensor) -> Tensor:
        s, t = x[:, :1], x[:, 1:]
        return s.square() * torch.cos(math.pi * s) + t * (1 - s.square()) * y

    net = dde.nn.FNN([2, *HIDDEN, 1], "tanh", "Glorot normal")
    net.apply_output_transform(hard)
    box = kronecker_box([-1.0, 0.0], [1.0, 1.0])
    return Trial(dde.Model(Collocation(residual, box, points, seed=seed), net))


def exact(points: Array) -> Array:
    """Return velocity and pressure of Kovasznay's flow, (N, 3), at points (N, 2)."""
    x, y = points[:, :1], points[:, 1:]
    u = 1 - np.exp(DECAY * x) * np.cos(2 * math.pi * y)
    v = DECAY / (2 * math.pi) * np.exp(DECAY * x) * np.sin(2 * math.pi * y)
    return np.hstack([u, v, (1 - np.exp(2 * DECAY * x)) / 2])


def exact_column(c: int) -> Callable[[Array], Array]:
    """Return the function of points that gives one column, (N, 1), of these."""
    return lambda points: exact(points)[:, c : c + 1]


def momentum_and_divergence(x: Tensor, y: Tensor) -> list[Tensor]:
    """Return the residuals of Navier and Stokes, each (N, 1), of outputs (u, v, p)."""
    d = [[dde.grad.jacobian(y, x, i=c, j=j) for j in range(2)] for c in range(3)]
    residuals = []
    for c in range(2):
        viscous = sum(dde.grad.hessian(y, x, component=c, i=j, j=j) for j in range(2))
        inertia = y[:, :1] * d[c][0] + y[:, 1:2] * d[c][1]
        residuals.append(inertia + d[2][c] - viscous / REYNOLDS)
    return [*residuals, d[0][0] + d[1][1]]


def kovasznay(points: int, seed: int) -> Trial:
    """Return Kovasznay's flow; a quarter of the points is for its conditions."""
    geometry = dde.geometry.Rectangle([-0.5, -0.5], [1, 1.5])
    places = [lambda _, on_boundary: on_boundary] * 2
    places.append(lambda x, on_boundary: on_boundary and np.isclose(x[0], 1))
    conditions = [
        dde.icbc.DirichletBC(geometry, exact_column(c), place, component=c)
        for c, place in enumerate(places)
    ]
    data = Collocation.from_pde(
        dde.data.PDE(geometry, momentum_and_divergence, conditions, 2601, 400),
        num_domain=points - points // 4,
        num_bc_points=points // 4,
        seed=seed,
    )
    net = dde.nn.FNN([2, *HIDDEN, 3], "tanh", "Glorot normal")
    return Trial(dde.Model(data, net))


PROBLEMS: Mapping[str, Callable[[int, int], Trial]] = {
    "burgers": partial(burgers, "exact"),
    "burgers-plain": partial(burgers, "plain"),
    "allen-cahn": allen_cahn,
    "kovasznay": kovasznay,
    **{f"torus-{m}": partial(flow, TORUS, m) for m in ("pinn", "pinn-hard")},
    "torus-ncl-hard": partial(flow, TORUS, "ncl-hard"),
    **{f"ball-{m}": partial(flow, BALL, m) for m in ("pinn-hard", "ncl-hard")},
}
