"""Metrics of flows in the unit ball."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ncl_deepxde.arrays import Array
from ncl_deepxde.evaluation.metrics import (
    Solution,
    ball_grid,
    ball_quadrature,
    by_time_key,
    errors_over_time,
    mass_drift,
    relative_l2,
)
from ncl_deepxde.evaluation.rows import CONSERVATION_ROWS, ERROR_ROWS, MetricRow
from ncl_deepxde.evaluation.solution import continuity_error
from ncl_deepxde.runs import Experiment

from .settings import BallSettings

__all__ = ["ROWS", "measure", "transport_error", "wall_leakage"]

ROWS = (
    *ERROR_ROWS,
    MetricRow("transport_error", "Accuracy", "density error / its change", "smallest"),
    *CONSERVATION_ROWS,
    MetricRow("wall_leakage", "Conservation", "largest |m.n| on the wall", "smallest"),
)

GRID = 24
CONTINUITY_POINTS = 4000
WALL_POINTS = 2000


def measure(
    experiment: Experiment[BallSettings], reference: Solution
) -> dict[str, Any]:
    """Measure errors over time, and how well mass, wall and continuity are kept.

    Args:
        experiment: The trained model.
        reference: The flow to compare with.
    """
    solution, t_end = experiment.solution, experiment.settings.t_end
    points = ball_grid(GRID)
    times = [float(t) for t in np.linspace(0, t_end, 6)]
    rng = np.random.default_rng(0)
    x = _random_points(rng, CONTINUITY_POINTS)
    t = t_end * rng.random((CONTINUITY_POINTS, 1))
    continuity = continuity_error(experiment.model.net, x, t, "flux")
    nodes, weights = ball_quadrature(GRID // 2)
    return {
        **by_time_key(errors_over_time(solution, reference, points, times)),
        "transport_error": transport_error(solution, reference, points, t_end),
        "continuity_max": continuity.largest,
        "continuity_relative": continuity.relative,
        "mass_drift": mass_drift(solution, nodes, times, weights),
        "wall_leakage": wall_leakage(solution, times),
    }


def transport_error(
    solution: Solution, reference: Solution, points: Array, time: float
) -> float:
    r"""Return the error of the density in units of its change since t = 0.

    .. math:: \|\rho(t) - \rho_\mathrm{ref}(t)\| /
        \|\rho_\mathrm{ref}(t) - \rho_\mathrm{ref}(0)\|

    One means no better than a density that stays where it was.

    Args:
        solution: The flow to judge.
        reference: The flow to judge by.
        points: Uniform points, (N, 3).
        time: Time to compare at.
    """
    start, end = (reference(points, t)["rho"] for t in (0.0, time))
    return relative_l2(solution(points, time)["rho"] - start, end - start)


def wall_leakage(solution: Solution, times: Sequence[float]) -> float:
    r"""Return the largest :math:`|m\cdot n|` at random points of the sphere."""
    x = _random_points(np.random.default_rng(1), WALL_POINTS)
    n = x / np.linalg.norm(x, axis=1, keepdims=True)
    fields = [solution(n, time) for time in times]
    return max(float(np.abs((f["rho"] * f["u"] * n).sum(axis=1)).max()) for f in fields)


def _random_points(rng: np.random.Generator, count: int) -> Array:
    """Return uniform points of the unit ball, (count, 3)."""
    x = rng.normal(size=(count, 3))
    radius = rng.random((count, 1)) ** (1 / 3)
    points: Array = radius * x / np.linalg.norm(x, axis=1, keepdims=True)
    return points
