r"""Metrics of the bird migration, at radars that no model was trained on.

Density: the mean square of :math:`\log(1 + \rho) - \log(1 + \rho^*)` and R2 of
:math:`\rho`, over all rows with a density :math:`\rho^*`. Velocity: the mean square of
both horizontal components in (m/s)^2, where it is known.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ncl_deepxde.evaluation.consistency import consistency_smape
from ncl_deepxde.evaluation.metrics import Array, mean_squared_error, r2
from ncl_deepxde.evaluation.rows import CONSERVATION_ROWS, MetricRow
from ncl_deepxde.evaluation.solution import continuity_error

from .campaign import Campaign
from .models import enlarged_box
from .reference import FlightReference
from .settings import BirdEvaluation
from .solution import FlightSolution, TrueSolution
from .units import KMH, Units

__all__ = ["ROWS", "accuracy", "measure", "truth_error"]

ROWS = (
    MetricRow("density_mse", "Accuracy", "density mean square error", "smallest"),
    MetricRow(
        "velocity_mse", "Accuracy", "velocity mean square error", "smallest", "m2/s2"
    ),
    MetricRow("consistency_smape", "Accuracy", "consistency SMAPE", "smallest"),
    MetricRow("r2", "Accuracy", "R2", "largest"),
    MetricRow("r2_truth", "Accuracy", "R2 everywhere, against the truth", "largest"),
    *CONSERVATION_ROWS,
    MetricRow("peak_mib", "Training", "peak memory, observations", "smallest", "MiB"),
)
DENSITY_EPS = 1e-3
"""Density below which consistency does not count, in birds/km3, as released."""
CONSISTENCY_STEPS = 150
"""Paths that need more steps of dopri8 count as not to be followed."""


def measure(
    solution: FlightSolution, reference: FlightReference, sizes: BirdEvaluation
) -> dict[str, float]:
    """Measure a model.

    Args:
        solution: The trained model.
        reference: What it is compared with, which holds the campaign.
        sizes: Points of the metrics.
    """
    campaign = reference.campaign
    found = accuracy(solution, campaign.select(campaign.held_out))
    if isinstance(reference, TrueSolution):
        found["r2_truth"] = truth_error(solution, reference, sizes.continuity_points)
    consistency = _consistency(solution, campaign, sizes)
    if consistency is not None:
        found["consistency_smape"] = consistency
    net, units = solution.net, solution.units
    inputs = _uniform(units, sizes.continuity_points)
    net.eval()
    residual = continuity_error(net, inputs[:, :3], inputs[:, 3:], "velocity")
    found["continuity_relative"] = residual.relative
    return found


def accuracy(solution: Any, observed: Campaign) -> dict[str, float]:
    """Measure density and velocity against observations.

    Args:
        solution: Maps points (N, 4) to ``rho`` in birds/km3 and ``u`` in km/h.
        observed: Observations of the held-out radars.
    """
    state = solution(observed.points)
    known = ~np.isnan(observed.density)
    rho, target = (w[known][:, None] for w in (state["rho"], observed.density))
    moving = ~np.isnan(observed.velocity[:, 0])
    pair = state["u"][moving, :2] / KMH, observed.velocity[moving] / KMH
    found = {
        "density_mse": mean_squared_error(np.log1p(rho), np.log1p(target)),
        "r2": r2(rho, target),
    }
    if len(pair[1]):
        found["velocity_mse"] = mean_squared_error(*pair)
    return found


def truth_error(solution: Any, truth: TrueSolution, number: int) -> float:
    """Measure R2 of the density everywhere between the radars, by night and day.

    Args:
        solution: A model.
        truth: The migration it has seen.
        number: Number of points.
    """
    units = truth.campaign.units
    points = units.points_out(_uniform(units, number))
    return r2(solution(points)["rho"], truth(points)["rho"])


def _consistency(
    solution: FlightSolution, campaign: Campaign, sizes: BirdEvaluation
) -> float | None:
    """Measure the consistency over the network, from the first observation on.

    Each point of a grid in the plane has an altitude at random, at each of some times
    from shortly after the first to the last observation.
    """
    units, n = solution.units, sizes.consistency_grid
    draw = np.random.default_rng(0)
    axes = [np.linspace(units.low[i], units.high[i], n) for i in (0, 1)]
    plane = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    z = draw.uniform(units.low[2], units.high[2], (len(plane), 1))
    start, end = units.low[3], units.high[3]
    times = np.linspace(start, end, sizes.consistency_times + 1)[1:]
    points = np.tile(np.hstack([plane, z]), (len(times), 1))
    try:
        return consistency_smape(
            solution.net,
            points,
            np.repeat(times, len(plane))[:, None],
            start=start,
            eps=DENSITY_EPS,
            box=enlarged_box(sizes.box, units),
            output="velocity",
            max_steps=CONSISTENCY_STEPS,
        )
    except RuntimeError as error:
        print(f"ncl-deepxde: no consistency: {error}", file=sys.stderr)
        return None


def _uniform(units: Units, number: int) -> Array:
    """Draw the same points at every call, (number, 4), in network coordinates."""
    draw = np.random.default_rng(0)
    points: Array = draw.uniform(units.low, units.high, (number, 4))
    return points
