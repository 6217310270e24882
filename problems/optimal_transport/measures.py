"""Metrics of dynamical optimal transport."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array, Solution, torus_grid
from ncl_deepxde.evaluation.rows import CONSERVATION_ROWS, MetricRow
from ncl_deepxde.evaluation.solution import continuity_error

from .cost import TransportMap, map_cost
from .densities import DensityPair
from .discrete import exact
from .objective import BenamouBrenier, half_side, kinetic_energy
from .paths import CHUNK, FlowNetwork
from .reference import TransportReference
from .settings import TransportEvaluation
from .solutions import TrainedFlow, TrainedMap

__all__ = ["ROWS", "arrival", "mass_error", "measure", "terminal_mse"]

COST = "Squared Wasserstein distance"
ROWS = (
    MetricRow("w2_squared", COST),
    MetricRow("w2_relative_difference", COST, "relative difference from the reference"),
    MetricRow("w2_relative_to_limit", COST, "relative difference from its limit"),
    MetricRow("arrival", COST, "from image to target"),
    MetricRow("kinetic_energy", COST, "kinetic energy"),
    MetricRow("terminal_mse", "Mean square error at the end", best="smallest"),
    *CONSERVATION_ROWS,
    MetricRow(
        "mass_error",
        "Conservation",
        "error of the mass",
        "smallest",
        law="The total mass is one",
    ),
)

MASS_TIMES = (0.0, 0.5, 1.0)
# In units of the box that holds nearly all mass of both ends.
MASS_BOX = 3.0


def measure(
    solution: TrainedFlow | TrainedMap,
    reference: TransportReference,
    settings: TransportEvaluation,
) -> dict[str, Any]:
    """Measure a trained model; a map has no metrics of a density or velocity.

    Args:
        solution: The model; its ``costs`` are set.
        reference: Reference of the pair.
        settings: Numbers of points.
    """
    found = _measure_cost(solution, reference, settings)
    if isinstance(solution, TrainedFlow):
        found |= _measure_flow(solution, reference.pair, settings)
    return found


def _measure_cost(
    solution: TrainedFlow | TrainedMap,
    reference: TransportReference,
    settings: TransportEvaluation,
) -> dict[str, Any]:
    rho_0, samples = reference.pair[0], settings.cost
    solution.costs = map_cost(
        solution.transport, rho_0, n=samples.n, repeats=samples.repeats
    )
    mean = solution.costs.mean
    return {
        "w2_squared": {"mean": mean, "std": solution.costs.std},
        "w2_relative_difference": mean / reference.best - 1,
        "w2_relative_to_limit": mean / reference.limit - 1,
        "arrival": arrival(solution.transport, reference.pair, settings.arrival_points),
    }


def arrival(transport: TransportMap, pair: DensityPair, n: int) -> float:
    r"""Return the squared distance from the image of a map to the target.

    .. math:: C(T(x), y) - C(y', y)

    with exact costs C between samples. The second cost is that between two samples of
    the target, so that 0 is the least up to noise. A map that does not arrive at the
    target can cost less than the optimal one.

    Args:
        transport: The map T.
        pair: Densities of x, and of y and y'.
        n: Points of each sample.
    """
    generator, (rho_0, rho_1) = _generator(), pair
    with torch.no_grad():
        image = transport(rho_0.sample(n, generator))
    samples = (image, *(rho_1.sample(n, generator) for _ in range(2)))
    end, y, other = (x.double().cpu().numpy() for x in samples)
    return exact(end, y) - exact(other, y)


def _measure_flow(
    solution: TrainedFlow, pair: DensityPair, settings: TransportEvaluation
) -> dict[str, Any]:
    net = solution.net
    points = _continuity_points(pair, settings.continuity_points)
    residual = continuity_error(net, *points)
    return {
        "terminal_mse": terminal_mse(net, pair, settings.terminal_points),
        "kinetic_energy": _energy(net, pair, settings.terminal_points),
        "continuity_max": residual.largest,
        "continuity_relative": residual.relative,
        "mass_error": mass_error(solution, pair, settings.mass_grid),
    }


def terminal_mse(net: FlowNetwork, pair: DensityPair, n: int) -> float:
    r"""Return the mean over both ends of the mean square error of the density.

    Half of the points are samples of the density of the end, half are uniform in
    :math:`[-2, 2]^d`, where all densities of the papers are.

    Args:
        net: The flow.
        pair: Densities at the start and at the end.
        n: Number of points at each end.
    """
    generator = _generator()
    errors = []
    for k, rho in enumerate(pair):
        unit = torch.rand(n // 2, rho.dim, generator=generator, device=generator.device)
        x = torch.cat([rho.sample(n - n // 2, generator), 4 * unit - 2])
        error = density(net, x, float(k)) - rho.density(x)
        errors.append(float(error.double().square().mean()))
    return float(np.mean(errors))


def mass_error(solution: Solution, pair: DensityPair, n: int) -> float:
    r"""Return the largest :math:`|\int\rho\,dx - 1|` over three times.

    Args:
        solution: The flow.
        pair: Densities at the start and at the end, which set the size of the box.
        n: Points per axis of the midpoint rule.
    """
    side = 2 * MASS_BOX * half_side(*pair)
    points = side * (torus_grid(n, pair[0].dim) - 0.5)
    volume = side ** pair[0].dim
    masses = [solution(points, t)["rho"].mean() * volume for t in MASS_TIMES]
    return float(max(abs(mass - 1) for mass in masses))


def density(net: FlowNetwork, x: Tensor, time: float) -> Tensor:
    """Evaluate the density of a flow, (N, 1), at points (N, d)."""
    inputs = torch.nn.functional.pad(x, (0, 1), value=time)
    with torch.no_grad():
        return torch.cat([net.density(part) for part in torch.split(inputs, CHUNK)])


def _energy(net: FlowNetwork, pair: DensityPair, n: int) -> float:
    """Return the kinetic energy of a flow from n points of each density."""
    terms = BenamouBrenier(*pair, batch=n)
    inputs = terms.draw(_generator())
    drawn = terms.densities(inputs[:, :-1]).mean(dim=1, keepdim=True)
    parts = zip(torch.split(inputs, CHUNK), torch.split(drawn, CHUNK), strict=True)
    with torch.no_grad():
        sums = [float(kinetic_energy(net, x, q)) * len(x) for x, q in parts]
    return sum(sums) / len(inputs)


def _continuity_points(pair: DensityPair, n: int) -> tuple[Array, Array]:
    """Draw about n points, a third each from both ends and the box, with times."""
    terms = BenamouBrenier(*pair, batch=max(1, n // 3))
    inputs = terms.draw(_generator()).double().cpu().numpy()
    return inputs[:, :-1], inputs[:, -1:]


def _generator() -> torch.Generator:
    return torch.Generator(torch.get_default_device()).manual_seed(0)
