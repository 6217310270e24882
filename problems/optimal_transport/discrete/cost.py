r"""The cost of a transport map, an estimate of the squared Wasserstein distance.

.. math:: W_2^2(\rho_0, \rho_1) \approx \frac1N \sum_i |T(x_i) - x_i|^2, \qquad
    x_i \sim \rho_0,

from pairs of start and end point of the same particle. The released evaluation of
neural conservation laws by Torres et al. pairs different ones, which estimates the mean
distance of independent points of both densities instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchdiffeq import odeint

from ncl_deepxde.nn import FlowNet, LFlow

from ..densities.targets import GaussianMixture

__all__ = ["TOLERANCE", "Cost", "Transport", "map_cost", "paths"]

Transport = Callable[[Tensor], Tensor]
"""Maps points at the start to the end, (N, d)."""

TOLERANCE = 1e-5
"""Absolute and relative, of the root mean square error of all particles in a step."""

CHUNK = 8192


@dataclass(frozen=True)
class Cost:
    """Repeated estimates of a cost.

    Attributes:
        values: One from each sample.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Their mean."""
        return float(np.mean(self.values))

    @property
    def std(self) -> float:
        """Their standard deviation, 0 of a single one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else 0.0


def map_cost(
    transport: Transport,
    rho_0: GaussianMixture,
    *,
    n: int = 5000,
    repeats: int = 50,
    seed: int = 0,
) -> Cost:
    """Return the mean squared distance that a map moves samples, several times.

    All samples are mapped in one batch.

    Args:
        transport: The map.
        rho_0: Where it starts.
        n: Points of each sample.
        repeats: Number of samples.
        seed: Of the samples.

    Raises:
        ValueError: No points, or a map that changes the shape or leaves the numbers.
    """
    if n < 1 or repeats < 1:
        raise ValueError(f"n and repeats: must be at least 1, got {n} and {repeats}.")
    generator = torch.Generator(torch.get_default_device()).manual_seed(seed)
    start = rho_0.sample(n * repeats, generator)
    with torch.no_grad():
        end = transport(start)
    if end.shape != start.shape or not end.isfinite().all():
        raise ValueError(
            f"transport: must map finite points {tuple(start.shape)} to such points, "
            f"got {tuple(end.shape)}, {int(end.isfinite().all(dim=1).sum())} finite."
        )
    squares = (end - start).double().square().sum(dim=1)
    return Cost(tuple(squares.reshape(repeats, n).mean(dim=1).tolist()))


def paths(net: FlowNet, x: Tensor, times: Sequence[float]) -> Tensor:
    """Return where particles are at some times, (T, N, d).

    Exact for ``LFlow``; for others by the method of Dormand and Prince, of order 5,
    with the tolerance ``TOLERANCE``.

    Args:
        net: The flow.
        x: Positions at the first time, (N, d).
        times: Increasing.

    Raises:
        RuntimeError: The velocity is not finite somewhere.
    """
    with torch.no_grad():
        if isinstance(net, LFlow):
            moved = [_in_chunks(net, x, times[0], t) for t in times[1:]]
            return torch.stack([x, *moved])

        def velocity(t: Tensor, x: Tensor) -> Tensor:
            inputs = torch.cat([x, t.to(x.dtype).expand(len(x), 1)], dim=1)
            return torch.cat(
                [net.velocity(part) for part in torch.split(inputs, CHUNK)]
            )

        if not velocity(torch.tensor(times[0]), x).isfinite().all():
            raise RuntimeError(f"velocity: is not finite at the time {times[0]}.")
        t = torch.as_tensor(times, dtype=torch.float64, device=x.device)
        moved = odeint(velocity, x, t, rtol=TOLERANCE, atol=TOLERANCE, method="dopri5")
        found: Tensor = moved
        return found


def _in_chunks(net: LFlow, x: Tensor, t0: float, t1: float) -> Tensor:
    return torch.cat([net.transport(part, t0, t1) for part in torch.split(x, CHUNK)])
