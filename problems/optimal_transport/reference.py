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
from ncl_deepxde.files import arrays_in

from .densities.known import quantile_cost, quantile_map
from .densities.samples import from_samples
from .densities.table import tabulated
from .densities.targets import GaussianMixture
from .discrete import discrete as _transport_discrete
from .discrete.cost import Cost
from .objective import half_side

__all__ = ["Reference", "compute", "describe", "load"]

Pair = tuple[GaussianMixture, GaussianMixture]

# Of the plan that is drawn, whatever the costs come from.
PARTICLES = 2000
# Of the kernels that make a density of particles on their way.
BANDWIDTH = 0.09
NODES = 4001


class Reference:
    """What is known of the optimal transport between two densities.

    Args:
        pair: Both densities.
        costs: By the number of samples, one for each repeat.
        trend: The pair's entry of ``_transport_discrete.load``.
    """

    def __init__(
        self, pair: Pair, costs: Mapping[int, Cost], trend: Mapping[str, Any]
    ) -> None:
        self.pair, self.costs_by_n, self.trend = pair, costs, trend

    @property
    def costs(self) -> Cost:
        """Those of the largest samples."""
        return self.costs_by_n[max(self.costs_by_n)]

    @property
    def exact(self) -> float | None:
        """The cost between the densities themselves, known on a line."""
        return quantile_cost(*self.pair) if self.pair[0].dim == 1 else None

    @property
    def limit(self) -> float:
        """The exact cost if it is known, or else the limit of infinitely many samples.

        Of a single size of samples there is none: their mean.
        """
        if self.exact is not None:
            return self.exact
        limit: float | None = self.trend["limit"]
        return self.costs.mean if limit is None else limit

    @property
    def best(self) -> float:
        """The exact cost if it is known, or else the mean of the largest samples."""
        return self.costs.mean if self.exact is None else self.exact

    def __call__(self, points: Array, time: float) -> dict[str, Array]:
        """Return the density, (N, 1): exact at both ends and on a line.

        Otherwise it is made of kernels around the particles of ``paths``.
        """
        if time in (0.0, 1.0):
            rho = self.pair[int(time)]
        elif self.pair[0].dim == 1:
            return {"rho": self._on_line(points, time)}
        else:
            rho = tabulated(from_samples(self.paths([time])[0], BANDWIDTH))
        density = rho.density(torch.as_tensor(points, device="cpu"))
        return {"rho": density.numpy()}

    def paths(self, times: Sequence[float]) -> Array:
        """Return where particles of an optimal plan are, (T, n, d): on straight lines.

        The plan is one between samples, for this purpose alone.
        """
        start, end = self._plan
        return np.stack([start + t * (end - start) for t in times])

    def map(self, x: Array) -> Array:
        """Return where points (N,) of a line go, as is optimal."""
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


def compute(pairs: Mapping[str, Pair], own: Mapping[str, Any], path: Path) -> None:
    """Write discrete costs of every case.

    Args:
        pairs: Both densities by case.
        own: ``reference`` of a preset: ``n``, a number or several, ``repeats``, and
            ``method``, a key of ``ESTIMATORS``.
        path: The npz file to write.

    Raises:
        ValueError: Sizes that are too small, or a method of another name.
    """
    n = own["n"] if isinstance(own["n"], list) else [own["n"]]
    method = own.get("method", "exact")
    _transport_discrete.compute(pairs, n, own["repeats"], path, method=method)


def load(path: Path) -> dict[str, Reference]:
    """Return the references by case.

    Raises:
        ValueError: The file is not one that :func:`compute` wrote.
    """
    trends = _transport_discrete.load(path)
    pairs = _transport_discrete.load_densities(path)
    with arrays_in(path) as data:
        sizes, values = data["n"].tolist(), data["costs"]
    found = {}
    for (case, trend), rows in zip(trends.items(), values, strict=True):
        costs = [Cost(tuple(row.tolist())) for row in rows]
        found[case] = Reference(
            pairs[case], dict(zip(sizes, costs, strict=True)), trend
        )
    return found


def describe(path: Path) -> dict[str, Any]:
    """Return the sizes and costs of the reference, for the metrics."""
    references = load(path)
    (first, *_) = references.values()
    found: dict[str, Any] = {
        "solver": f"POT, {first.trend['method']}",
        "n": first.trend["n"],
        "repeats": first.trend["repeats"],
        "w2_squared": {
            case: {"mean": r.costs.mean, "std": r.costs.std}
            for case, r in references.items()
        },
        "w2_squared_by_n": {case: r.trend["mean"] for case, r in references.items()},
        "w2_squared_limit": {case: r.trend["limit"] for case, r in references.items()},
        "w2_squared_limit_error": {
            case: r.trend["limit_error"] for case, r in references.items()
        },
    }
    exact = {case: r.exact for case, r in references.items() if r.exact is not None}
    return {**found, "w2_squared_exact": exact} if exact else found
