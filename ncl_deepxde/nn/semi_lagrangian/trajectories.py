"""Trajectories of many points at once, each from one time to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torchdiffeq import odeint, odeint_adjoint

from ...jets.once import differentiable_once

__all__ = ["OdeSolver", "Rate"]

OdeState = tuple[Tensor, ...]
Rate = Callable[[Tensor, Tensor], OdeState]


@dataclass(frozen=True)
class OdeSolver:
    r"""Dormand-Prince of order 5 with one common step size.

    Rescaled to :math:`s \in [0, 1]` with :math:`t = t_0 + s\,(t_1 - t_0)`, all points
    share one solve.

    Args:
        tolerance: Absolute and relative tolerance of the local error, forward and in
            the adjoint.
        max_steps: Most steps of one solve.
        adjoint: Whether the backward pass solves the adjoint equation, with memory
            for one evaluation, or goes back through all steps.

    References:
        R. T. Q. Chen, B. Amos, M. Nickel, Neural Spatio-Temporal Point Processes (ICLR
        2021), appendix F, https://arxiv.org/abs/2011.04583.
    """

    tolerance: float
    max_steps: int
    adjoint: bool

    def __call__(
        self,
        rate: Rate,
        state: OdeState,
        t0: Tensor,
        t1: Tensor,
        weights: Sequence[Tensor],
        *,
        every_point: bool = True,
    ) -> OdeState:
        """Return the state at the times ``t1``.

        Args:
            rate: Maps points (N, d) and times (N, 1) to the time derivative of every
                part of the state.
            state: OdeState at the times ``t0``: points (N, d), what else is integrated.
            t0: Shape (N, 1).
            t1: Shape (N, 1).
            weights: Parameters of the rate.
            every_point: Whether every point is to meet the tolerance, or the root mean
                square over all, which takes fewer steps.

        Raises:
            RuntimeError: The solver finds no end, or is to train in mixed precision.
        """
        if not len(t0):
            return state
        s = torch.tensor([0.0, 1.0], dtype=t0.dtype, device=t0.device)
        options: dict[str, Any] = dict.fromkeys(("rtol", "atol"), self.tolerance)
        # A step that ends at the end needs no interpolation and stays inside.
        steps = {"step_t": s[1:]} | ({"norm": _largest} if every_point else {})
        options["options"] = steps
        solve = odeint
        if self.adjoint:
            _refuse_mixed_precision(s.device.type)
            state, t0, t1 = tuple(map(_once, state)), _once(t0), _once(t1)
            solve = odeint_adjoint
            options["adjoint_params"] = (*weights, t0, t1)
            options["adjoint_options"] = {"norm": "seminorm", "step_t": s[:1]}
        path = solve(_Motion(rate, t0, t1, self), state, s, **options)
        return tuple(part[1] for part in path)


class _Motion:
    """The rescaled rate, as torchdiffeq wants it, watching over the steps."""

    def __init__(self, rate: Rate, t0: Tensor, t1: Tensor, solver: OdeSolver) -> None:
        self._rate, self._t0, self._duration = rate, t0, t1 - t0
        self._solver, self._steps = solver, 0

    def __call__(self, s: Tensor, state: OdeState) -> OdeState:
        # DeepXDE's mixed precision would round far above the tolerance.
        with torch.autocast(s.device.type, enabled=False):
            rates = self._rate(state[0], self._t0 + s * self._duration)
            return tuple(self._duration * rate for rate in rates)

    def callback_step(self, s: Tensor, state: OdeState, step: Tensor) -> None:
        """Raise ``RuntimeError`` where the solver would go on for ever."""
        at, size = float(s.detach()), float(step.detach())
        self._steps = 1 if at in (0.0, 1.0) else self._steps + 1
        if self._steps > self._solver.max_steps or at + size == at:
            raise RuntimeError(
                f"SemiLagrangian: the solver gave up at {at:.3g} of the way, in step "
                f"{self._steps} of size {size:.1e}: the velocity varies too fast or is "
                "not finite. Lower the learning rate or clip gradients, loosen "
                f"tolerance (now {self._solver.tolerance:g}; float32 resolves about "
                f"1e-6), or raise max_steps (now {self._solver.max_steps})."
            )

    callback_step_adjoint = callback_step


def _largest(parts: OdeState) -> Tensor:
    return torch.stack([part.abs().max() for part in parts]).max()


def _refuse_mixed_precision(device_type: str) -> None:
    """Raise where the backward pass would compute its products in half precision."""
    if torch.is_grad_enabled() and torch.is_autocast_enabled(device_type):
        raise RuntimeError(
            "SemiLagrangian: mixed precision would round the adjoint equation far "
            "above the tolerance. Call dde.config.set_default_float('float32')."
        )


def _once(x: Tensor) -> Tensor:
    """Return ``x``: the adjoint solve gives gradients without a graph, and says so."""
    return differentiable_once(
        x,
        "SemiLagrangian: with adjoint=True the density has first derivatives only, "
        "which cannot be differentiated again, as training on a derivative of it "
        "would. Build the network with adjoint=False.",
    )
