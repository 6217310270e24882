r"""The cost of a transport map, an estimate of the squared Wasserstein distance.

.. math:: W_2^2(\rho_0, \rho_1) \approx \frac1N \sum_i |T(x_i) - x_i|^2, \qquad
    x_i \sim \rho_0,

from pairs of start and end point of the same particle. The released evaluation of
neural conservation laws by Torres et al. pairs different particles, which estimates the
mean squared distance of independent points of both densities instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from .densities import GaussianMixture

__all__ = ["CostEstimates", "TransportMap", "map_cost"]

TransportMap: TypeAlias = Callable[[Tensor], Tensor]
"""Maps points at the start to the end, (N, d)."""


@dataclass(frozen=True)
class CostEstimates:
    """Repeated estimates of a cost.

    Attributes:
        values: Estimates, one from each sample.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean of the estimates."""
        return float(np.mean(self.values))

    @property
    def std(self) -> float:
        """Standard deviation of the estimates, 0 for a single one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else 0.0


def map_cost(
    transport: TransportMap,
    rho_0: GaussianMixture,
    *,
    n: int = 5000,
    repeats: int = 50,
    seed: int = 0,
) -> CostEstimates:
    """Return the mean squared distance that a map moves samples, several times.

    All samples are mapped in one batch.

    Args:
        transport: The map.
        rho_0: Density at the start.
        n: Points of each sample.
        repeats: Number of samples.
        seed: Seed of the samples.

    Raises:
        ValueError: There are no points, or the map changes their shape or makes values
            that are not finite.
    """
    if n < 1 or repeats < 1:
        raise ValueError(
            f"n and repeats: must be at least 1, got {n} and {repeats}. Leave them out "
            "for 50 samples of 5000 points."
        )
    generator = torch.Generator(torch.get_default_device()).manual_seed(seed)
    start = rho_0.sample(n * repeats, generator)
    with torch.no_grad():
        end = transport(start)
    if end.shape != start.shape or not end.isfinite().all():
        raise ValueError(
            f"transport: must map finite points {tuple(start.shape)} to such points, "
            f"got {tuple(end.shape)}, {int(end.isfinite().all(dim=1).sum())} finite. "
            "Check how the map was trained."
        )
    squares = (end - start).double().square().sum(dim=1)
    return CostEstimates(tuple(squares.reshape(repeats, n).mean(dim=1).tolist()))
