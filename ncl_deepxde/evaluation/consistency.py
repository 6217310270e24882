r"""Does the density of a network follow its velocity?

Along a path of the flow, backwards from :math:`(x, t)` to the time :math:`s`,

.. math:: \dot X = u(X, \tau), \quad X(t) = x, \qquad
    \frac{d}{d\tau} \log\rho(X, \tau) = -\nabla\cdot u(X, \tau),

so that a density which obeys continuity equals the transported one,

.. math:: \rho(x, t) = \hat\rho(x, t) := \rho(X(s), s)
    \exp\Bigl(-\int_s^t \nabla\cdot u(X(\tau), \tau)\,d\tau\Bigr).

Source: F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024),
equation (3) and section 5.1, https://arxiv.org/abs/2305.16846.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
import torchdiffeq
from numpy.typing import ArrayLike
from torch import Tensor

from ..arrays import Array
from ..nn.base.contract import FlowNet
from ..nn.base.plain import as_flow
from .promises import evaluating

__all__ = ["consistency_errors", "consistency_smape"]

Corners: TypeAlias = tuple[ArrayLike, ArrayLike]

CHUNK = 8192


def consistency_smape(
    net: torch.nn.Module,
    points: Array,
    times: Array | float,
    *,
    start: float = 0.0,
    tolerance: float = 1e-5,
    eps: float = 1e-6,
    box: Corners | None = None,
    output: str | None = None,
    max_steps: int = 1000,
) -> float:
    r"""Symmetric mean absolute percentage error of the transported density.

    .. math:: \frac1N \sum_i \frac{|\rho - \hat\rho|}{|\rho| + |\hat\rho| + \epsilon}
        \quad\in [0, 1]

    Args:
        net: Maps inputs (N, d + 1), time last, to a density and a velocity.
        points: Shape (N, d).
        times: One number, or the time t of each point, (N, 1).
        start: The time s.
        tolerance: Absolute and relative tolerance of dopri8, which every point meets
            by itself.
        eps: Small density :math:`\epsilon`, in the unit of the density.
        box: Lower and upper corner, d numbers each or one for all: outside, the flow is
            that of the nearest point of the box.
        output: As for ``nn.as_flow``: what columns 1..d of a plain network hold,
            ``"velocity"`` or ``"flux"``.
        max_steps: Most steps of dopri8.

    Raises:
        ValueError: An argument is out of its range, or nobody says what the outputs
            of a plain network hold.
        RuntimeError: The paths cannot be computed to the tolerance in so many steps.
            That is so where the velocity m/rho explodes because rho vanishes.
    """
    errors = consistency_errors(
        net,
        points,
        times,
        start=start,
        tolerance=tolerance,
        eps=eps,
        box=box,
        output=output,
        max_steps=max_steps,
    )
    return float(errors.mean())


def consistency_errors(
    net: torch.nn.Module,
    points: Array,
    times: Array | float,
    *,
    start: float = 0.0,
    tolerance: float = 1e-5,
    eps: float = 1e-6,
    box: Corners | None = None,
    output: str | None = None,
    max_steps: int = 1000,
) -> Array:
    """Return the error at every point, shape (N,), between 0 and 1.

    Their mean is ``consistency_smape``, which documents the arguments.
    """
    _check(points, times, tolerance, eps)
    solver = _Solver(start, tolerance, max_steps)
    d, weight = points.shape[1], next(net.parameters())

    def tensor(values: ArrayLike) -> Tensor:
        values = np.asarray(values, dtype=float)
        return torch.as_tensor(values, dtype=weight.dtype, device=weight.device)

    low, high = (-np.inf, np.inf) if box is None else box
    box_flow = _BoxFlow(as_flow(net, output, dim=d), tensor(low), tensor(high))
    column = np.broadcast_to(np.asarray(times, dtype=float), (len(points), 1))
    found = []
    with evaluating(net):
        for inputs in torch.split(tensor(np.hstack([points, column])), CHUNK):
            x, t = inputs[:, :d], inputs[:, d:]
            rho = box_flow.density(x, t)
            moved = solver.transported(box_flow, x, t)
            found.append((rho - moved).abs() / (rho.abs() + moved.abs() + eps))
    errors: Array = torch.cat(found)[:, 0].double().cpu().numpy()
    return errors


@dataclass(frozen=True)
class _BoxFlow:
    """Density and velocity of a network, constant along normals outside a box."""

    net: FlowNet
    low: Tensor
    high: Tensor

    def density(self, x: Tensor, t: Tensor) -> Tensor:
        """Return the density (N, 1) at x (N, d) and t (N, 1), without a graph."""
        with torch.no_grad():
            return self.net.density(self._inputs(x, t))

    def slopes(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return the velocity (N, d) and its divergence (N, 1)."""
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            u = self.net.velocity(self._inputs(x, t))
            # Points are independent: the gradient of a sum holds that of every point.
            rows = [_gradient(c.sum(), x)[:, i] for i, c in enumerate(u.unbind(1))]
        return u.detach(), torch.stack(rows).sum(0)[:, None]

    def _inputs(self, x: Tensor, t: Tensor) -> Tensor:
        return torch.cat([x.clamp(self.low, self.high), t], dim=1)


@dataclass(frozen=True)
class _Solver:
    """Where paths end, and how exactly."""

    start: float
    tolerance: float
    max_steps: int

    def transported(self, flow: _BoxFlow, x: Tensor, t: Tensor) -> Tensor:
        r"""Return the density at the start, carried to (x, t) by the velocity, (N, 1).

        Rescaled to a time from 0 to 1, all paths share one solve:
        :math:`\tau = t + \sigma (s - t)`.
        """
        d, span = x.shape[1], self.start - t

        def slope(sigma: Tensor, state: Tensor) -> Tensor:
            velocity, divergence = flow.slopes(state[:, :d], t + sigma.to(t) * span)
            return span * torch.cat([velocity, divergence], dim=1)

        end = self._solve(slope, torch.cat([x, torch.zeros_like(t)], dim=1))
        return flow.density(end[:, :d], t + span) * end[:, d:].exp()

    def _solve(
        self, slope: Callable[[Tensor, Tensor], Tensor], state: Tensor
    ) -> Tensor:
        span = torch.tensor([0.0, 1.0], dtype=torch.float64, device=state.device)
        # Without a step that ends there the solver interpolates, to fourth order only.
        options = {"norm": _largest, "max_num_steps": self.max_steps}
        options["step_t"] = span[1:]
        try:
            path: Tensor = torchdiffeq.odeint(
                slope,
                state,
                span,
                rtol=self.tolerance,
                atol=self.tolerance,
                method="dopri8",
                options=options,
            )
        except AssertionError as error:
            raise RuntimeError(
                f"consistency: dopri8 cannot follow the velocity to the tolerance "
                f"{self.tolerance:g} ({error}). Raise the tolerance or max_steps, "
                "compute in float64, or pass a box that holds the paths."
            ) from error
        return path[-1]


def _gradient(value: Tensor, x: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(value, x, retain_graph=True, materialize_grads=True)
    return found


def _largest(state: Tensor) -> Tensor:
    """Norm of the solver's error: every point is to meet the tolerance by itself."""
    return state.abs().max()


def _check(points: Array, times: Array | float, tolerance: float, eps: float) -> None:
    shape, n = np.shape(times), len(points)
    if points.ndim != 2 or n == 0:
        raise ValueError(
            f"points: must have the shape (N, d) with N > 0, got {points.shape}."
        )
    if shape not in ((), (n, 1)):
        raise ValueError(
            f"times: must be one number or have the shape (N, 1) = ({n}, 1), got "
            f"{shape}. Use reshape(-1, 1) for a column."
        )
    for name, value in {"tolerance": tolerance, "eps": eps}.items():
        if not 0 < value < np.inf:
            raise ValueError(f"{name}: must be positive and finite, got {value}.")
