"""Metrics of dynamical optimal transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array, Solution, torus_grid
from ncl_deepxde.evaluation.solution import continuity_error
from ncl_deepxde.nn import FlowNet

from .densities.targets import GaussianMixture
from .discrete.cost import Transport, map_cost
from .discrete.estimators import exact
from .objective import BenamouBrenier, half_side, kinetic_energy
from .reference import Reference
from .solutions import Flow, Map

__all__ = ["arrival", "measure_cost", "measure_flow"]

Pair = tuple[GaussianMixture, GaussianMixture]
Settings = Mapping[str, Any]

MASS_TIMES = (0.0, 0.5, 1.0)
# In units of what holds nearly all mass of both ends.
MASS_BOX = 3.0
CHUNK = 8192


def measure_cost(
    solution: Flow | Map, reference: Reference, own: Settings
) -> dict[str, Any]:
    """Return the cost of a map and how far it is from that of discrete transport.

    Args:
        solution: The map, which is given ``costs``.
        reference: Of the pair.
        own: ``evaluation`` of a preset.
    """
    solution.costs = map_cost(solution.transport, reference.pair[0], **own["cost"])
    mean = solution.costs.mean
    return {
        "w2_squared": {"mean": mean, "std": solution.costs.std},
        "w2_relative_difference": mean / reference.best - 1,
        "w2_relative_to_limit": mean / reference.limit - 1,
        "arrival": arrival(solution.transport, reference.pair, own["arrival_points"]),
    }


def arrival(transport: Transport, pair: Pair, n: int) -> float:
    r"""Return the squared distance from the image of a map to the target.

    .. math:: C(T(x), y) - C(y', y)

    with exact costs C between samples: the second one is what other samples of the
    target cost, so that 0 is the least but for noise. Where it is not small, the cost
    of the map is one of transport to somewhere else, and may be below the optimum.

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


def measure_flow(solution: Flow, pair: Pair, own: Settings) -> dict[str, Any]:
    """Return the metrics of a flow besides its cost.

    Args:
        solution: The flow.
        pair: Start and end.
        own: ``evaluation`` of a preset.
    """
    net = solution.net
    residual = continuity_error(net, *_continuity_points(pair, own))
    return {
        "terminal_mse": terminal_mse(net, pair, own["terminal_points"]),
        "kinetic_energy": _energy(net, pair, own["terminal_points"]),
        "continuity_max": residual.largest,
        "continuity_relative": residual.relative,
        "mass_error": mass_error(solution, pair, own["mass_grid"]),
    }


def terminal_mse(net: FlowNet, pair: Pair, n: int) -> float:
    r"""Return the mean over both ends of the mean square error of the density.

    Half of the points are samples of the density in question, half uniform in
    :math:`[-2, 2]^d`, where all densities of the papers are.

    Args:
        net: The flow.
        pair: Start and end.
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


def mass_error(solution: Solution, pair: Pair, n: int) -> float:
    r"""Return the largest :math:`|\int\rho\,dx - 1|` over three times.

    Args:
        solution: The flow.
        pair: Start and end, which set the size of the box.
        n: Points per axis of the midpoint rule.
    """
    side = 2 * MASS_BOX * half_side(*pair)
    points = side * (torus_grid(n, pair[0].dim) - 0.5)
    volume = side ** pair[0].dim
    masses = [solution(points, t)["rho"].mean() * volume for t in MASS_TIMES]
    return float(max(abs(mass - 1) for mass in masses))


def density(net: Any, x: Tensor, time: float) -> Tensor:
    """Return the density of a flow, (N, 1), at points (N, d)."""
    inputs = torch.nn.functional.pad(x, (0, 1), value=time)
    with torch.no_grad():
        return torch.cat([net.density(part) for part in torch.split(inputs, CHUNK)])


def _energy(net: FlowNet, pair: Pair, n: int) -> float:
    """Return the kinetic energy of a flow from n points of each density."""
    terms = BenamouBrenier(*pair, batch=n)
    inputs = terms.draw(_generator())
    drawn = terms.densities(inputs[:, :-1]).mean(dim=1, keepdim=True)
    parts = zip(torch.split(inputs, CHUNK), torch.split(drawn, CHUNK), strict=True)
    with torch.no_grad():
        sums = [float(kinetic_energy(net, x, q)) * len(x) for x, q in parts]
    return sum(sums) / len(inputs)


def _continuity_points(pair: Pair, own: Settings) -> tuple[Array, Array]:
    """Return points of the mixture of both ends and the box, and their times."""
    terms = BenamouBrenier(*pair, batch=max(1, own["continuity_points"] // 3))
    inputs = terms.draw(_generator()).double().cpu().numpy()
    return inputs[:, :-1], inputs[:, -1:]


def _generator() -> torch.Generator:
    return torch.Generator(torch.get_default_device()).manual_seed(0)
