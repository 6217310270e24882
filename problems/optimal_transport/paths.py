"""Where a flow carries particles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor
from torchdiffeq import odeint

from ncl_deepxde.nn import LFlow, SubharmonicNCL

__all__ = ["CHUNK", "TOLERANCE", "FlowNetwork", "paths"]

FlowNetwork: TypeAlias = LFlow | SubharmonicNCL
"""Networks with exact continuity whose mass is 1 and whose log density is known."""

TOLERANCE = 1e-5
"""Absolute and relative, for the root mean square error of all particles in a step."""

CHUNK = 8192
"""Number of points that are evaluated at once."""


def paths(net: FlowNetwork, x: Tensor, times: Sequence[float]) -> Tensor:
    """Return where particles are at some times, (T, N, d).

    They are exact for ``LFlow``; for others they are integrated by the method of
    Dormand and Prince, of order 5, with the tolerance ``TOLERANCE``.

    Args:
        net: The flow.
        x: Positions at the first time, (N, d).
        times: Increasing times, T of them.

    Raises:
        RuntimeError: The velocity is not finite at the first time.
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
            raise RuntimeError(
                f"velocity: is not finite at the time {times[0]}. Train with a smaller "
                "learning rate."
            )
        t = torch.as_tensor(times, dtype=torch.float64, device=x.device)
        found: Tensor = odeint(
            velocity, x, t, rtol=TOLERANCE, atol=TOLERANCE, method="dopri5"
        )
        return found


def _in_chunks(net: LFlow, x: Tensor, t0: float, t1: float) -> Tensor:
    return torch.cat([net.transport(part, t0, t1) for part in torch.split(x, CHUNK)])
