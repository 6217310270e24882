"""What trained models of optimal transport say: densities, particles, maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.evaluation.solution import NetworkSolution

from .discrete.cost import CHUNK, Cost, paths
from .icnn.icnn import ConvexPair

__all__ = ["Flow", "Map"]


class Flow:
    """A trained flow: density and velocity anywhere, particles.

    Args:
        net: The network.

    Attributes:
        costs: Of its map, once measured.
    """

    def __init__(self, net: Any) -> None:
        self.net = net
        self.costs: Cost | None = None

    def __call__(self, points: Array, time: float) -> dict[str, Array]:
        """See ``Solution``."""
        return NetworkSolution(self.net)(points, time)

    def transport(self, x: Tensor) -> Tensor:
        """Return where particles at x at the start are at the end, (N, d)."""
        return self.paths(x, (0.0, 1.0))[-1]

    def paths(self, x: Tensor, times: Sequence[float]) -> Tensor:
        """Return where particles at x at the first time are at all, (T, N, d)."""
        return paths(self.net, x, times)


class Map:
    """A trained map, whose particles move straight; it says nothing on densities.

    Args:
        net: The network.

    Attributes:
        costs: Of the map, once measured.
    """

    def __init__(self, net: ConvexPair) -> None:
        self.net = net
        self.costs: Cost | None = None

    def __call__(self, points: Array, time: float) -> dict[str, Array]:
        """See ``Solution``: refuses."""
        raise NotImplementedError("a map has neither density nor velocity.")

    def transport(self, x: Tensor) -> Tensor:
        """Return where particles at x at the start are at the end, (N, d)."""
        with torch.no_grad():
            return torch.cat([self.net.transport(p) for p in torch.split(x, CHUNK)])

    def paths(self, x: Tensor, times: Sequence[float]) -> Tensor:
        """Return where particles at x at the start are at all times, (T, N, d)."""
        end = self.transport(x)
        return torch.stack([x + t * (end - x) for t in times])
