"""A trained network seen as a solution, and its continuity residual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.func import jacrev, vmap

from ..nn.base.contract import ExactContinuity
from ..nn.semi_lagrangian.net import SemiLagrangian
from .metrics import Array

__all__ = ["ContinuityError", "NetworkSolution", "continuity_error"]

CHUNK = 8192


@dataclass(frozen=True)
class NetworkSolution:
    r"""The flow of a network of :math:`(\rho, m_1..m_d, p)`, with :math:`u = m/\rho`.

    Args:
        net: Maps inputs (N, d + 1), time last, to outputs (N, d + 2).
        output: ``"flux"``, or ``"velocity"`` for :math:`(\rho, u_1..u_d, p)`; our own
            networks know it themselves.
        pressure: Pressure (N, 1) from the outputs; by default column d + 1.
    """

    net: torch.nn.Module
    output: str = "flux"
    pressure: Callable[[Tensor], Tensor] | None = None

    def __call__(self, points: Array, time: float | Array) -> dict[str, Array]:
        """Return `rho` (N, 1), `u` (N, d), `p` (N, 1).

        Args:
            points: Shape (N, d).
            time: A number, or one for each point, (N, 1).
        """
        inputs = _inputs(self.net, points, time)
        d = inputs.shape[1] - 1
        with torch.no_grad():
            outputs = torch.cat([self.net(x) for x in torch.split(inputs, CHUNK)])
        column = slice(d + 1, d + 2)
        p = outputs[:, column] if self.pressure is None else self.pressure(outputs)
        values = outputs.double().cpu().numpy()
        rho, w = values[:, :1], values[:, 1 : d + 1]
        own = self.net.output if isinstance(self.net, ExactContinuity) else self.output
        u = w if own == "velocity" else w / rho
        return {"rho": rho, "u": u, "p": p.double().cpu().numpy()}


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
    net: torch.nn.Module, points: Array, times: Array, output: str = "flux"
) -> ContinuityError:
    """Differentiate the flux again by reverse mode and add up.

    Independent of how the network computes or serves derivatives of its own.

    Args:
        net: One of our networks, or any that maps inputs (N, d + 1), time last, to
            outputs (rho, m_1..m_d, ...).
        points: Shape (N, d).
        times: Shape (N, 1).
        output: What columns 1..d of a network without exact continuity hold,
            ``"flux"`` for m or ``"velocity"``.
    """
    inputs = _inputs(net, points, times)
    d = inputs.shape[1] - 1

    J = torch.cat([_derivative(net, x, output) for x in torch.split(inputs, CHUNK)])
    terms = torch.cat([J[:, :1, d], J[:, 1:, :d].diagonal(dim1=1, dim2=2)], dim=1)
    largest = float(terms.sum(dim=1).abs().max())
    scale = max(float(terms.abs().max()), torch.finfo(terms.dtype).tiny)
    return ContinuityError(largest, largest / scale)


def _derivative(net: torch.nn.Module, inputs: Tensor, output: str) -> Tensor:
    """Return the derivative of the flux, (N, d + 1, d + 1)."""
    if isinstance(net, SemiLagrangian):
        return _derivative_of_sums(net, inputs)
    evaluate = net.flux if isinstance(net, ExactContinuity) else net
    is_flux = output == "flux" or isinstance(net, ExactContinuity)

    def flux(x: Tensor) -> Tensor:
        out: Tensor = evaluate(x[None])[0, : len(x)]
        return out if is_flux else torch.cat([out[:1], out[:1] * out[1:]])

    with torch.no_grad():
        J: Tensor = vmap(jacrev(flux))(inputs)
    return J


def _derivative_of_sums(net: SemiLagrangian, inputs: Tensor) -> Tensor:
    """Return the same for a solver, which cannot take one point under ``vmap``."""
    is_training, x = net.training, inputs.clone().requires_grad_()
    net.eval()  # no random divergence
    with torch.enable_grad():
        columns = net.flux(x).unbind(1)
        rows = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in columns]
    net.train(is_training)
    return torch.stack(rows, dim=1)


def _inputs(net: torch.nn.Module, points: Array, time: float | Array) -> Tensor:
    column = np.broadcast_to(np.asarray(time, dtype=float), (len(points), 1))
    weight = next(net.parameters())
    return torch.as_tensor(
        np.hstack([points, column]), dtype=weight.dtype, device=weight.device
    )
