"""Metrics of the cavity: errors of the velocity, its divergence, published extrema."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch.func import jacrev, vmap

from ncl_deepxde.arrays import Array
from ncl_deepxde.evaluation import ERROR_ROWS, MetricRow, errors_over_time, torus_grid
from ncl_deepxde.evaluation.metrics import Solution

from .settings import CavitySettings

__all__ = ["EXTREMA", "ROWS", "divergence", "extrema", "measure"]

EXTREMA = {"u_min": -0.1819007, "v_max": 0.1538973, "v_min": -0.2182150}
"""Of u on x = 1/2 and of v on y = 1/2, at the nodes of a public COMSOL solution with
this lid (github.com/i207M/PINNacle, ref/lid_driven_a4.dat, MIT license)."""
LINES = {
    "u_min": (0, 1, (0.05, 0.6)),
    "v_max": (1, -1, (0.05, 0.4)),
    "v_min": (1, 1, (0.7, 0.97)),
}
"""Component, sign of the function whose minimum it is, and where it lies."""
ROWS = (
    *ERROR_ROWS,
    MetricRow(
        "extremum_error",
        "Published extrema on the center lines",
        "relative error",
        "smallest",
        meaning="How far the extrema of the velocity on the two center lines are from "
        "those of a published solution, as a part of them.",
    ),
    MetricRow(
        "divergence_max",
        "Conservation",
        "largest divergence",
        "smallest",
        meaning="Largest u_x + v_y: fluid that appears or vanishes.",
    ),
    MetricRow(
        "divergence_relative",
        "Conservation",
        "divergence / largest term",
        "smallest",
        meaning="The same, divided by the largest of its terms: a pure number.",
        law="The velocity is divergence-free at every point",
    ),
)


def measure(
    solution: Any, reference: Solution, settings: CavitySettings
) -> dict[str, Any]:
    """Return the metrics of a trained model.

    The pressure, which is infinite at the ends of the lid, is not compared.

    Args:
        solution: A :class:`CavityFlow`.
        reference: The flow by finite elements.
        settings: Settings of the model.
    """
    x = torus_grid(settings.evaluation)
    largest, relative = divergence(solution.net, x)
    found = extrema(solution)
    return {
        **errors_over_time(solution, reference, x, [0.0], ["u"]),
        "extremum_error": {
            name: abs(found[name] / value - 1) for name, value in EXTREMA.items()
        },
        "divergence_max": largest,
        "divergence_relative": relative,
    }


def divergence(net: torch.nn.Module, points: Array) -> tuple[float, float]:
    """Return the largest divergence, and divided by its largest term.

    By reverse mode, independently of how a network computes the velocity.

    Args:
        net: Maps points (N, 2) to columns (u, v, p).
        points: Where to look, (N, 2).
    """
    like = next(net.parameters())
    x = torch.as_tensor(points).to(like.device, like.dtype)
    J = vmap(jacrev(lambda y: net(y[None])[0, :2]))(x).detach()
    terms = J.diagonal(dim1=1, dim2=2)
    largest = float(terms.sum(dim=1).abs().max())
    return largest, largest / float(terms.abs().max())


def extrema(solution: Solution) -> dict[str, float]:
    """Return the three extrema of the velocity on the center lines.

    Args:
        solution: A steady flow.
    """
    found = {}
    for name, (component, sign, bounds) in LINES.items():

        def value(s: float, component: int = component, sign: int = sign) -> float:
            point = [0.5, s] if component == 0 else [s, 0.5]
            u = solution(np.array([point]), 0.0)["u"]
            return sign * float(u[0, component])

        least = minimize_scalar(value, bounds=bounds, method="bounded")
        found[name] = sign * float(least.fun)
    return found
