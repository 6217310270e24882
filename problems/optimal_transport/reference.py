"""The reference of optimal transport: discrete costs, exact ones on a line, a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from ncl_deepxde.evaluation.metrics import Array

from . import discrete
from .cost import CostEstimates
from .densities import (
    DensityPair,
    from_samples,
    quantile_cost,
    quantile_map,
    tabulated,
)
from .objective import half_side
from .settings import ReferenceSamples

__all__ = ["TransportReference", "compute", "describe", "load"]

# Particles of the plan that is drawn, whatever the costs come from.
PARTICLES = 2000
# Width of the kernels that make a density of particles on their way.
BANDWIDTH = 0.09
NODES = 4001


class TransportReference:
    """What is known of the optimal transport between two densities.

    Args:
        pair: Densities at the start and at the end.
        trend: Costs between samples of both.
    """

    def __init__(self, pair: DensityPair, trend: discrete.CostTrend) -> None:
        self.pair, self.trend = pair, trend

    @property
    def costs(self) -> CostEstimates:
        """Costs between the largest samples."""
        row = self.trend.costs[int(np.argmax(self.trend.n))]
        return CostEstimates(tuple(row.tolist()))

    @cached_property
    def exact(self) -> float | None:
        """Cost between the densities themselves, known on a line only."""
        return quantile_cost(*self.pair) if self.pair[0].dim == 1 else None

    @property
    def limit(self) -> float:
        """The exact cost where it is known, else its limit for infinitely many samples.

        A single size of samples has no limit; their mean takes its place.
        """
        if self.exact is not None:
            return self.exact
        return self.costs.mean if self.trend.limit is None else self.trend.limit

    @property
    def best(self) -> float:
        """The exact cost where it is known, else the mean of the largest samples."""
        return self.costs.mean if self.exact is None else self.exact

    def __call__(self, points: Array, time: float) -> dict[str, Array]:
        """Evaluate the density ``rho``, (N, 1); it is exact at both ends and on a line.

        Elsewhere it is made of kernels around the particles of ``paths``.
        """
        if time in (0.0, 1.0):
            rho = self.pair[int(time)].density
        elif self.pair[0].dim == 1:
            return {"rho": self._on_line(points, time)}
        else:
            rho = tabulated(from_samples(self.paths([time])[0], BANDWIDTH)).density
        return {"rho": rho(torch.as_tensor(points, device="cpu")).numpy()}

    def paths(self, times: Sequence[float]) -> Array:
        """Return where particles of an optimal plan are, (T, n, d): on straight lines.

        The plan is one between samples, for this purpose alone.
        """
        start, end = self._plan
        return np.stack([start + t * (end - start) for t in times])

    def map(self, x: Array) -> Array:
        """Move points (N,) of a line by the optimal map."""
        return quantile_map(*self.pair, x)

    def _on_line(self, points: Array, time: float) -> Array:
        r"""Return :math:`\rho_0(x) / \partial_x y` at :math:`y = x + t\,(T(x) - x)`."""
        side = half_side(*self.pair) * 2
        x = np.linspace(-side, side, NODES)
        y = x + time * (self.map(x) - x)
        middle = torch.as_tensor((x[1:] + x[:-1])[:, None] / 2, device="cpu")
        rho = self.pair[0].density(middle).numpy()[:, 0] * np.diff(x) / np.diff(y)
        return np.interp(points, (y[1:] + y[:-1]) / 2, rho)

    @cached_property
    def _plan(self) -> tuple[Array, Array]:
        generator = torch.Generator("cpu").manual_seed(0)
        x, y = (rho.sample(PARTICLES, generator).double().numpy() for rho in self.pair)
        _, partner = linear_sum_assignment(cdist(x, y, "sqeuclidean"))
        return x, y[partner]


def compute(
    pairs: Mapping[str, DensityPair], settings: ReferenceSamples, path: Path
) -> None:
    """Write the costs between samples of every pair.

    Args:
        pairs: Densities at the start and at the end, by case.
        settings: Sizes and number of the samples.
        path: The npz file to write.
    """
    discrete.compute(pairs, settings.n, settings.repeats, path, method=settings.method)


def load(path: Path) -> dict[str, TransportReference]:
    """Read the references, by case.

    Raises:
        ValueError: The file is not one that :func:`compute` wrote.
    """
    pairs = discrete.load_densities(path)
    trends = discrete.load(path)
    return {case: TransportReference(pairs[case], t) for case, t in trends.items()}


def describe(path: Path) -> dict[str, Any]:
    """Tell the sizes of the samples and the costs between them, by case.

    Raises:
        ValueError: The file is not one that :func:`compute` wrote.
    """
    references = load(path)
    trends = {case: reference.trend for case, reference in references.items()}
    (first, *_) = trends.values()
    found: dict[str, Any] = {
        "solver": f"POT, {first.method}",
        "n": list(first.n),
        "repeats": first.repeats,
        "w2_squared": {
            case: {"mean": r.costs.mean, "std": r.costs.std}
            for case, r in references.items()
        },
        "w2_squared_by_n": {
            case: t.costs.mean(axis=1).tolist() for case, t in trends.items()
        },
        "w2_squared_limit": {case: t.limit for case, t in trends.items()},
        "w2_squared_limit_error": {case: t.limit_error for case, t in trends.items()},
    }
    exact = {case: r.exact for case, r in references.items() if r.exact is not None}
    return {**found, "w2_squared_exact": exact} if exact else found
