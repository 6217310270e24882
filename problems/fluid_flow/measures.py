"""Metrics of the simulated fluid flow."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch

from ncl_deepxde.data import sobol_box
from ncl_deepxde.evaluation.consistency import consistency_smape
from ncl_deepxde.evaluation.metrics import Array, Solution, mass_drift, r2
from ncl_deepxde.evaluation.rows import CONSERVATION_ROWS, MetricRow
from ncl_deepxde.evaluation.solution import NetworkSolution, continuity_error

from .reference import box_grid, exact
from .regions import EXTENT, HORIZON, region
from .settings import FluidEvaluation, FluidSettings

__all__ = ["ROWS", "accuracy", "measure"]

ROWS = (
    MetricRow("velocity_mse", "Accuracy", "velocity mean square error", "smallest"),
    MetricRow("consistency_smape", "Accuracy", "consistency SMAPE", "smallest"),
    MetricRow("r2", "Accuracy", "R2", "largest"),
    MetricRow("r2_interpolation", "Accuracy", "R2 at observed times", "largest"),
    *CONSERVATION_ROWS,
)

LAST_OBSERVED = 1.0
CONSISTENCY_TIMES = np.linspace(0.1, HORIZON, 10)
CONSISTENCY_STEPS = 150
"""Paths that need more steps of dopri8 count as not to be followed."""
CONTINUITY_POINTS = 4000
MASS_TIMES = (0.4, 0.8, HORIZON)


def measure(solution: NetworkSolution, settings: FluidSettings) -> dict[str, float]:
    """Measure a model; the keys end in the case.

    Args:
        solution: The trained model.
        settings: What the preset says of its case.
    """
    sizes, dim = settings.evaluation, settings.dim
    points = _numbers(region("test", dim, sobol_box), sizes.points)
    found = accuracy(solution, points, np.linspace(0, HORIZON, sizes.times))
    consistency = _consistency(solution.net, dim, sizes)
    if consistency is not None:
        found["consistency_smape"] = consistency
    net = solution.net
    box = sobol_box([-EXTENT] * dim + [0.0], [EXTENT] * dim + [HORIZON])
    inputs = _numbers(box, CONTINUITY_POINTS)
    residual = continuity_error(net, inputs[:, :dim], inputs[:, dim:], "velocity")
    found["continuity_max"] = residual.largest
    found["continuity_relative"] = residual.relative
    found["mass_drift"] = mass_drift(solution, box_grid(sizes.grid, dim), MASS_TIMES)
    return {f"{key}_{settings.case}": value for key, value in found.items()}


def accuracy(solution: Solution, points: Array, times: Array) -> dict[str, float]:
    r"""Return R2 of the density and the mean square error of the velocity.

    .. math:: R^2 = 1 - \frac{\sum (\rho - \rho^*)^2}{\sum (\rho^* - \bar\rho^*)^2},
        \qquad \frac{\sum \rho^* |u - u^*|^2 / d}{\sum \rho^*}

    with sums over all points and times, and R2 once more up to the last observed time.
    The velocity counts where there is fluid, for only there it carries something.

    Args:
        solution: The trained model.
        points: Points to compare at, (N, d).
        times: Times to compare at.
    """
    values = [(solution(points, t), exact(points, t)) for t in map(float, times)]
    rho, true_rho = (np.stack([pair[i]["rho"] for pair in values]) for i in (0, 1))
    u, true_u = (np.stack([pair[i]["u"] for pair in values]) for i in (0, 1))
    observed = times <= LAST_OBSERVED + 1e-9
    squares = np.square(u - true_u).mean(axis=2, keepdims=True)
    return {
        "r2": _pooled_r2(rho, true_rho),
        "r2_interpolation": _pooled_r2(rho[observed], true_rho[observed]),
        "velocity_mse": float((true_rho * squares).sum() / true_rho.sum()),
    }


def _pooled_r2(value: Array, truth: Array) -> float:
    """Return R2 over all points and times."""
    return r2(value.reshape(-1, 1), truth.reshape(-1, 1))


def _consistency(net: Any, dim: int, sizes: FluidEvaluation) -> float | None:
    """Measure the consistency where there is fluid at the time in question.

    ``None`` where the solver cannot follow the velocity: a quotient of momentum and
    density varies without bound where the density vanishes.
    """
    box = sobol_box([-EXTENT] * dim, [EXTENT] * dim)
    candidates = _numbers(box, sizes.consistency_candidates)
    points, times = [], []
    for time in CONSISTENCY_TIMES:
        is_dense = exact(candidates, time)["rho"][:, 0] > sizes.least_density
        points.append(candidates[is_dense][: sizes.consistency_points])
        times.append(np.full((len(points[-1]), 1), time))
    try:
        return consistency_smape(
            net,
            np.concatenate(points),
            np.concatenate(times),
            box=(-EXTENT, EXTENT),
            output="velocity",
            max_steps=CONSISTENCY_STEPS,
        )
    except RuntimeError as error:
        print(f"ncl-deepxde: no consistency: {error}", file=sys.stderr)
        return None


def _numbers(sampler: Any, n: int) -> Array:
    """Draw the same n points at every call."""
    generator = torch.Generator(torch.get_default_device()).manual_seed(0)
    points: Array = sampler(n, generator).double().cpu().numpy()
    return points
