"""A trained network seen as a solution, and its continuity residual."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.func import jacrev, vmap

from .metrics import Array

__all__ = ["ContinuityError", "NetworkSolution", "continuity_error"]

CHUNK = 8192


@dataclass(frozen=True)
class NetworkSolution:
    r"""The flow of a network of :math:`(\rho, m_1..m_d, p)`, with :math:`u = m/\rho`.

    Args:
        net: Maps inputs (N, d + 1), time last, to flux outputs (N, d + 2).
    """

    net: torch.nn.Module

    def __call__(self, points: Array, time: float) -> dict[str, Array]:
        """Return `rho` (N, 1), `u` (N, d), `p` (N, 1) at points (N, d)."""
        inputs = _inputs(self.net, points, time)
        d = inputs.shape[1] - 1
        with torch.no_grad():
            outputs = torch.cat([self.net(x) for x in torch.split(inputs, CHUNK)])
        values = outputs.double().cpu().numpy()
        rho, m = values[:, :1], values[:, 1 : d + 1]
        return {"rho": rho, "u": m / rho, "p": values[:, d + 1 : d + 2]}


@dataclass(frozen=True)
class ContinuityError:
    r"""The largest residual of :math:`\partial_t\rho + \nabla\cdot m` over some points.

    Attributes:
        largest: Absolute value.
        relative: In units of the largest single term of the sum.
    """

    largest: float
    relative: float


def continuity_error(
    net: torch.nn.Module, points: Array, times: Array
) -> ContinuityError:
    """Differentiate the flux again by nested reverse mode and add up.

    Independent of how the network computes or serves derivatives of its own.

    Args:
        net: Maps inputs (N, d + 1), time last, to outputs (rho, m_1..m_d, ...).
        points: Shape (N, d).
        times: Shape (N, 1).
    """
    inputs = _inputs(net, points, times)
    d = inputs.shape[1] - 1

    def flux(x: Tensor) -> Tensor:
        out: Tensor = net(x[None])[0, : d + 1]
        return out

    with torch.no_grad():
        J = torch.cat([vmap(jacrev(flux))(x) for x in torch.split(inputs, CHUNK)])
    terms = torch.cat([J[:, :1, d], J[:, 1:, :d].diagonal(dim1=1, dim2=2)], dim=1)
    largest = float(terms.sum(dim=1).abs().max())
    return ContinuityError(largest, largest / float(terms.abs().max()))


def _inputs(net: torch.nn.Module, points: Array, time: float | Array) -> Tensor:
    column = np.broadcast_to(np.asarray(time, dtype=float), (len(points), 1))
    weight = next(net.parameters())
    return torch.as_tensor(
        np.hstack([points, column]), dtype=weight.dtype, device=weight.device
    )
