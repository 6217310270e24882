r"""Does the density of a network follow its own velocity?

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

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
import torchdiffeq
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ..nn.base.contract import ExactContinuity

__all__ = ["consistency_errors", "consistency_smape"]

type Array = NDArray[np.floating]
type Box = tuple[ArrayLike, ArrayLike]

CHUNK = 8192
OUTPUTS = ("flux", "velocity")


def consistency_smape(
    net: torch.nn.Module,
    points: Array,
    times: Array | float,
    *,
    start: float = 0.0,
    tolerance: float = 1e-5,
    eps: float = 1e-6,
    box: Box | None = None,
    output: str = "velocity",
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
        tolerance: Absolute and relative, of dopri8, for every point by itself.
        eps: In the unit of the density.
        box: Lower and upper corner, d numbers each or one for all: outside, the flow is
            that of the nearest point of the box.
        output: What columns 1..d of a network without exact continuity hold,
            ``"velocity"`` or ``"flux"``.
        max_steps: Of dopri8.

    Raises:
        ValueError: A bad argument.
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
    box: Box | None = None,
    output: str = "velocity",
    max_steps: int = 1000,
) -> Array:
    """Return the error at every point, shape (N,), between 0 and 1.

    Their mean is ``consistency_smape``, which tells the arguments.
    """
    _check(points, times, tolerance, eps, output)
    solver = _Solver(start, tolerance, max_steps)
    d, weight = points.shape[1], next(net.parameters())

    def tensor(values: ArrayLike) -> Tensor:
        values = np.asarray(values, dtype=float)
        return torch.as_tensor(values, dtype=weight.dtype, device=weight.device)

    low, high = (-np.inf, np.inf) if box is None else box
    flow = _Flow(net, output, tensor(low), tensor(high))
    column = np.broadcast_to(np.asarray(times, dtype=float), (len(points), 1))
    found = []
    with _evaluating(net):
        for inputs in torch.split(tensor(np.hstack([points, column])), CHUNK):
            x, t = inputs[:, :d], inputs[:, d:]
            rho, moved = flow.density(x, t), solver.transported(flow, x, t)
            found.append((rho - moved).abs() / (rho.abs() + moved.abs() + eps))
    errors: Array = torch.cat(found)[:, 0].double().cpu().numpy()
    return errors


@dataclass(frozen=True)
class _Flow:
    """Density and velocity of a network, constant along normals outside a box."""

    net: torch.nn.Module
    output: str
    low: Tensor
    high: Tensor

    def density(self, x: Tensor, t: Tensor) -> Tensor:
        """Return the density (N, 1) at x (N, d) and t (N, 1), without a graph."""
        with torch.no_grad():
            inputs = torch.cat([x.clamp(self.low, self.high), t], dim=1)
            if isinstance(self.net, ExactContinuity):
                return self.net.density(inputs)
            rho: Tensor = self.net(inputs)[:, :1]
            return rho

    def slopes(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return the velocity (N, d) and its divergence (N, 1)."""
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            u = self._velocity(torch.cat([x.clamp(self.low, self.high), t], dim=1))
            # Points are independent: the gradient of a sum holds that of every point.
            rows = [_gradient(c.sum(), x)[:, i] for i, c in enumerate(u.unbind(1))]
        return u.detach(), torch.stack(rows).sum(0)[:, None]

    def _velocity(self, inputs: Tensor) -> Tensor:
        if isinstance(self.net, ExactContinuity):
            return self.net.velocity(inputs)
        outputs, d = self.net(inputs), inputs.shape[1] - 1
        rho, w = outputs[:, :1], outputs[:, 1 : d + 1]
        u: Tensor = w if self.output == "velocity" else w / rho
        return u


@dataclass(frozen=True)
class _Solver:
    """Where paths end, and how exactly."""

    start: float
    tolerance: float
    max_steps: int

    def transported(self, flow: _Flow, x: Tensor, t: Tensor) -> Tensor:
        r"""Return what the velocity makes of the density at the start, shape (N, 1).

        Every path has a time of its own, from 0 to 1, so that one solve is enough:
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


@contextmanager
def _evaluating(net: torch.nn.Module) -> Iterator[None]:
    mode = net.training
    net.eval()
    try:
        yield
    finally:
        net.train(mode)


def _largest(state: Tensor) -> Tensor:
    """Norm of the solver's error: every point is to meet the tolerance by itself."""
    return state.abs().max()


def _check(
    points: Array, times: Array | float, tolerance: float, eps: float, output: str
) -> None:
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
    if output not in OUTPUTS:
        raise ValueError(f"output: must be one of {OUTPUTS}, got {output!r}.")
