"""A trained network seen as a solution, and its continuity residual."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.func import jacrev, vmap

from ..arrays import Array
from ..jets.pointwise import PointwiseCheck
from ..nn.base.contract import FlowNet, PressureNet
from ..nn.base.fixed import uncompiled
from ..nn.base.plain import as_flow, output_of
from ..nn.semi_lagrangian.net import SemiLagrangian

__all__ = ["ContinuityError", "NetworkSolution", "continuity_error"]

# Points that are evaluated at a time, fewer of large networks: units times points.
# Derivatives by reverse mode keep some 200 bytes of each, 400 MB.
CHUNK, UNITS = 8192, 2**21


@dataclass(frozen=True)
class NetworkSolution:
    r"""The flow of a network as a function of points and time.

    Args:
        net: Maps inputs (N, d + 1), time last, to outputs :math:`(\rho, m_1..m_d, p)`
            or :math:`(\rho, u_1..u_d, p)`.
        output: As for ``nn.as_flow``: what columns 1..d of a plain network hold,
            ``"flux"`` or ``"velocity"``.
        pressure: Pressure (N, 1) from the outputs (N, C). By default that of the
            network, such as ``nn.MomentumNCL``, if it has one; else column d + 1 where
            it is the last one.

    Raises:
        ValueError: Nobody says what the outputs of a plain network hold, or the network
            says something else.
    """

    net: torch.nn.Module
    output: str | None = None
    pressure: Callable[[Tensor], Tensor] | None = None

    def __post_init__(self) -> None:
        output_of(self.net, self.output)

    def __call__(self, points: Array, time: float | Array) -> dict[str, Array]:
        """Return ``rho`` (N, 1), ``u`` (N, d) and, if there is one, ``p`` (N, 1).

        Args:
            points: Shape (N, d).
            time: A number, or one for each point, (N, 1).

        Raises:
            ValueError: It is not known which of several further outputs is the
                pressure.
        """
        inputs = _inputs(self.net, points, time)
        d = inputs.shape[1] - 1
        with torch.no_grad():
            outputs = torch.cat([self.net(x) for x in _chunks(self.net, inputs)])
        values = outputs.double().cpu().numpy()
        rho, w = values[:, :1], values[:, 1 : d + 1]
        is_velocity = output_of(self.net, self.output) == "velocity"
        found = {"rho": rho, "u": w if is_velocity else w / rho}
        p = self._pressure(outputs, d)
        return found if p is None else {**found, "p": p.double().cpu().numpy()}

    def velocity(self, points: Array, time: float) -> Array:
        """Return ``u``, (N, d), alone: for many networks that is less work.

        Args:
            points: Shape (N, d).
            time: A number.
        """
        inputs = _inputs(self.net, points, time)
        flow = as_flow(self.net, self.output, dim=points.shape[1])
        with torch.no_grad():
            parts = [flow.velocity(x) for x in _chunks(self.net, inputs)]
        u: Array = torch.cat(parts).double().cpu().numpy()
        return u

    def _pressure(self, outputs: Tensor, d: int) -> Tensor | None:
        if self.pressure is not None:
            return self.pressure(outputs)
        net = uncompiled(self.net)
        if isinstance(net, PressureNet):
            return net.pressure(outputs)
        first = d + 1 + (net.num_sources if isinstance(net, FlowNet) else 0)
        extras = outputs[:, first:]
        if extras.shape[1] > 1:
            raise ValueError(
                "pressure: must be given for a network with more outputs than (rho, "
                f"w_1..w_{d}, p), got None for {outputs.shape[1]} outputs. Pass a "
                f"function of the outputs, such as lambda y: y[:, {first}:{first + 1}],"
                " or operators.pressure for those of nn.MomentumNCL."
            )
        return extras if extras.shape[1] else None


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
    net: torch.nn.Module, points: Array, times: Array, output: str | None = None
) -> ContinuityError:
    """Differentiate the flux again by reverse mode and add up.

    Independent of how the network computes or serves derivatives.

    Args:
        net: Any network of inputs (N, d + 1), time last.
        points: Shape (N, d).
        times: Shape (N, 1).
        output: As for ``nn.as_flow``: what columns 1..d of a plain network hold,
            ``"flux"`` or ``"velocity"``.

    Raises:
        ValueError: Nobody says what the outputs of a plain network hold, or the network
            says something else.
    """
    net = uncompiled(net)
    inputs = _inputs(net, points, times)
    d = inputs.shape[1] - 1
    flow = as_flow(net, output, dim=d)
    # A solver cannot take one point under vmap: its rows share their steps.
    is_solver = any(isinstance(part, SemiLagrangian) for part in net.modules())
    parts = _chunks(net, inputs)
    if not isinstance(net, FlowNet):
        PointwiseCheck("net", is_kept=False)(net, inputs)
    if is_solver:
        J = torch.cat([_derivative_of_sums(net, flow, x) for x in parts])
    else:
        J = torch.cat([_derivative(flow, x) for x in parts])
    terms = torch.cat([J[:, :1, d], J[:, 1:, :d].diagonal(dim1=1, dim2=2)], dim=1)
    largest = float(terms.sum(dim=1).abs().max())
    scale = max(float(terms.abs().max()), torch.finfo(terms.dtype).tiny)
    return ContinuityError(largest, largest / scale)


def _derivative(flow: FlowNet, inputs: Tensor) -> Tensor:
    """Return the derivative of the flux, (N, d + 1, d + 1)."""
    with torch.no_grad():
        J: Tensor = vmap(jacrev(lambda x: flow.flux(x[None])[0]))(inputs)
    return J


def _derivative_of_sums(net: torch.nn.Module, flow: FlowNet, inputs: Tensor) -> Tensor:
    """Return the same, from the gradients of sums over all points."""
    is_training, x = net.training, inputs.clone().requires_grad_()
    net.eval()  # no random divergence
    with torch.enable_grad():
        columns = flow.flux(x).unbind(1)
        rows = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in columns]
    net.train(is_training)
    return torch.stack(rows, dim=1)


def _chunks(net: torch.nn.Module, inputs: Tensor) -> Sequence[Tensor]:
    """Return the inputs in parts that fit into memory."""
    units = sum(p.shape[0] if p.ndim else 1 for p in net.parameters())
    return torch.split(inputs, max(1, min(CHUNK, UNITS // units)))


def _inputs(net: torch.nn.Module, points: Array, time: float | Array) -> Tensor:
    column = np.broadcast_to(np.asarray(time, dtype=float), (len(points), 1))
    weight = next(net.parameters())
    return torch.as_tensor(
        np.hstack([points, column]), dtype=weight.dtype, device=weight.device
    )
