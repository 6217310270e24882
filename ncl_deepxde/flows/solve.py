"""Solve x + g(x) = y for a contraction g."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..jets.once import differentiable_once

__all__ = ["damped_newton", "solve_residual"]

StreamMap = Callable[[Tensor], Tensor]
MOST_STEPS = 500
LEAST_STEP = 1e-3
SLACK = 32.0


def solve_residual(
    residual: StreamMap, y: Tensor, scale: Tensor | float = 1.0
) -> Tensor:
    r"""Return x with :math:`r(x) = x + g(x) - y = 0`, shape (N, d), to round-off.

    It is differentiable once, by the implicit function theorem
    :math:`dx = -(\partial r/\partial x)^{-1} dr`.

    Args:
        residual: Maps the streams of x, (1 + k, N, d), value and any derivatives, to
            those of r.
        y: Shape (N, d), where the search starts.
        scale: Size of the numbers that g adds up besides x, which sets the round-off;
            one for all or shape (N,).

    Raises:
        RuntimeError: No convergence, or numbers that are not finite.
    """
    with torch.no_grad():
        rounding = torch.finfo(y.dtype).eps * (scale + y.norm(dim=1))
        x, J = damped_newton(residual, y.detach(), rounding)
    if not torch.is_grad_enabled():
        return x
    r = residual(x[None])[0]
    # The value of r is round-off, which a nearly singular J would blow up.
    implicit = x - torch.linalg.solve(J, r - r.detach())
    return differentiable_once(
        implicit,
        "inverse: can be differentiated once only. Differentiate the velocity for "
        "accelerations.",
    )


def damped_newton(
    residual: StreamMap, x: Tensor, rounding: Tensor
) -> tuple[Tensor, Tensor]:
    r"""Return x with :math:`|r|` about ``rounding`` per row, and the Jacobian there.

    .. math:: x \leftarrow x - \alpha\,(\partial r/\partial x)^{-1} r(x), \qquad
        \alpha \in \{1, \tfrac12, \tfrac14, \ldots\}

    with the first :math:`\alpha` that lowers :math:`|r|`. Where rounding leaves none,
    :math:`x \leftarrow x - r(x)` multiplies :math:`|r|` by the Lipschitz constant of g.
    """
    r, J = _evaluate(residual, x)
    if not bool(r.isfinite().all()):
        raise RuntimeError(
            "inverse: points or weights are not finite. Look for NaN in the parameters."
        )
    step = torch.ones_like(rounding)
    for _ in range(MOST_STEPS):
        # Rounding may forbid the last digits: then a row ends when they stop to shrink.
        is_done = r.norm(dim=1) <= torch.where(step < 1, SLACK, 1.0) * rounding
        if bool(is_done.all()):
            return x, J
        is_lost = step < LEAST_STEP
        newton = step[:, None] * torch.linalg.solve(J, r)
        x_next = x - torch.where(is_lost[:, None], r, newton)
        r_next, J_next = _evaluate(residual, x_next)
        is_lower = r_next.norm(dim=1) <= (1 - 0.1 * step) * r.norm(dim=1)
        is_taken = (is_lower | is_lost) & ~is_done
        x = torch.where(is_taken[:, None], x_next, x)
        r = torch.where(is_taken[:, None], r_next, r)
        J = torch.where(is_taken[:, None, None], J_next, J)
        step = torch.where(is_taken, 1.0, 0.5 * step)
    raise RuntimeError(
        f"inverse: no convergence in {MOST_STEPS} steps, the largest residual is "
        f"{float(r.norm(dim=1).max()):.1e}. Use a smaller lipschitz, or float64."
    )


def _evaluate(residual: StreamMap, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return r, (N, d), and its Jacobian, (N, d, d)."""
    d = x.shape[1]
    unit = torch.eye(d, dtype=x.dtype, device=x.device)
    streams = residual(torch.cat([x[None], unit[:, None].expand(d, *x.shape)]))
    return streams[0], streams[1:].permute(1, 2, 0)
