"""Metrics of flows on the torus with a density and a velocity."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from ncl_deepxde.evaluation.metrics import (
    Array,
    Solution,
    by_time_key,
    errors_over_time,
    mass_drift,
    torus_grid,
)
from ncl_deepxde.evaluation.rows import CONSERVATION_ROWS, ERROR_ROWS
from ncl_deepxde.evaluation.solution import continuity_error
from ncl_deepxde.runs import Experiment

from .settings import TorusModel

__all__ = ["ROWS", "agreement", "measure"]

ROWS = (*ERROR_ROWS, *CONSERVATION_ROWS)

GRID = 64
CONTINUITY_POINTS = 4000
FIELDS = ("rho", "u")
AGREEMENT_TIMES = (0.1, 0.2, 0.3)


def measure(experiment: Experiment[TorusModel], reference: Solution) -> dict[str, Any]:
    """Measure errors over time, the continuity residual and the drift of mass.

    Args:
        experiment: The trained model.
        reference: The flow to compare with.
    """
    solution, t_end = experiment.solution, experiment.settings.t_end
    points = torus_grid(GRID)
    times = [*(float(t) for t in np.arange(0, t_end - 0.01, 0.05)), t_end]
    rng = np.random.default_rng(0)
    x = rng.random((CONTINUITY_POINTS, 2))
    t = t_end * rng.random((CONTINUITY_POINTS, 1))
    continuity = continuity_error(experiment.model.net, x, t, "flux")
    return {
        **by_time_key(errors_over_time(solution, reference, points, times)),
        "continuity_max": continuity.largest,
        "continuity_relative": continuity.relative,
        "mass_drift": mass_drift(solution, points, times),
    }


def agreement(
    solutions: Mapping[str, Solution], reference: Solution
) -> dict[str, dict[str, dict[str, float]]]:
    """Measure how far the models are from each other.

    In standard deviations of the reference: those of a model that is far off are large,
    and would make everything seem near.

    Args:
        solutions: Models by name.
        reference: The flow whose deviations are the unit.
    """
    points = torus_grid(GRID)
    found = {}
    for first, second in combinations(solutions, 2):
        moved = _moved(reference, solutions[first], solutions[second])
        errors = errors_over_time(moved, reference, points, AGREEMENT_TIMES)
        found[f"{first} and {second}"] = by_time_key(errors)["standardized_l2"]
    return found


def _moved(reference: Solution, first: Solution, second: Solution) -> Solution:
    """Return the reference plus the difference of two models."""

    def solution(points: Array, time: float) -> dict[str, Array]:
        base, plus, minus = (s(points, time) for s in (reference, first, second))
        return {field: base[field] + plus[field] - minus[field] for field in FIELDS}

    return solution
