"""Trained models of optimal transport: density, velocity, particles, map."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.evaluation.solution import NetworkSolution

from .cost import CostEstimates
from .icnn import ConvexPair
from .paths import CHUNK, FlowNetwork, paths

__all__ = ["TrainedFlow", "TrainedMap"]


class TrainedFlow:
    """A trained flow: density and velocity at all points and times, and particles.

    Args:
        net: The network.

    Attributes:
        costs: Estimates of the cost of its map, ``None`` before they are measured.
    """

    def __init__(self, net: FlowNetwork) -> None:
        self.net = net
        self.costs: CostEstimates | None = None

    def __call__(self, points: Array, time: float) -> dict[str, Array]:
        """Evaluate ``rho`` and ``u``; see ``Solution``."""
        return NetworkSolution(self.net)(points, time)

    def transport(self, x: Tensor) -> Tensor:
        """Carry particles from the start to the end, (N, d)."""
        return self.paths(x, (0.0, 1.0))[-1]

    def paths(self, x: Tensor, times: Sequence[float]) -> Tensor:
        """Carry particles from the first time to all times, (T, N, d)."""
        return paths(self.net, x, times)


class TrainedMap:
    """A trained map, whose particles move straight; it has no density.

    Args:
        net: The network.

    Attributes:
        costs: Estimates of the cost of the map, ``None`` before they are measured.
    """

    def __init__(self, net: ConvexPair) -> None:
        self.net = net
        self.costs: CostEstimates | None = None

    def __call__(self, points: Array, time: float) -> dict[str, Array]:
        """Refuse; see ``Solution``."""
        raise NotImplementedError("a map has neither density nor velocity.")

    def transport(self, x: Tensor) -> Tensor:
        """Carry particles from the start to the end, (N, d)."""
        with torch.no_grad():
            return torch.cat([self.net.transport(p) for p in torch.split(x, CHUNK)])

    def paths(self, x: Tensor, times: Sequence[float]) -> Tensor:
        """Carry particles from the start to all times, (T, N, d)."""
        end = self.transport(x)
        return torch.stack([x + t * (end - x) for t in times])
