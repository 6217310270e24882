"""Solve x + g(x) = y for a contraction g."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["solve_residual"]

Residual = Callable[[Tensor], Tensor]
MOST_STEPS = 500


def solve_residual(residual: Residual, y: Tensor) -> Tensor:
    r"""Return x with :math:`r(x) = x + g(x) - y = 0`, shape (N, d), to round-off.

    .. math:: x \leftarrow x - (\partial r/\partial x)^{-1} r(x)

    where that at least halves :math:`|r|`, and :math:`x \leftarrow x - r(x)` elsewhere,
    which multiplies it by the Lipschitz constant of g: so it always converges. The
    result is differentiable once, by the implicit function theorem.

    Args:
        residual: Maps the streams of x, (1 + d, N, d), value and derivatives by space,
            to those of r.
        y: Shape (N, d), where the search starts.

    Raises:
        RuntimeError: No convergence, as with numbers that are not finite.
    """
    with torch.no_grad():
        x = y.detach().clone()
        r, J = _evaluate(residual, x)
        tolerance = 32 * torch.finfo(y.dtype).eps * (1 + y.norm(dim=1))
        for _ in range(MOST_STEPS):
            if bool((r.norm(dim=1) <= tolerance).all()):
                break
            newton = x - torch.linalg.solve(J, r)
            r_newton, J_newton = _evaluate(residual, newton)
            is_good = r_newton.norm(dim=1) <= 0.5 * r.norm(dim=1)
            is_done = r.norm(dim=1) <= tolerance
            x_next = torch.where(is_good[:, None], newton, x - r)
            x_next = torch.where(is_done[:, None], x, x_next)
            if bool((is_good | is_done).all()):
                r = torch.where(is_done[:, None], r, r_newton)
                J = torch.where(is_done[:, None, None], J, J_newton)
            else:
                r, J = _evaluate(residual, x_next)
            x = x_next
        else:
            raise RuntimeError(
                f"inverse: no convergence in {MOST_STEPS} steps, the largest residual "
                f"is {float(r.norm(dim=1).max()):.1e}. Are all weights finite?"
            )
    if not torch.is_grad_enabled():
        return x
    correction: Tensor = torch.linalg.solve(J, _evaluate(residual, x)[0])
    return x - correction


def _evaluate(residual: Residual, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return r, (N, d), and its Jacobian, (N, d, d)."""
    d = x.shape[1]
    unit = torch.eye(d, dtype=x.dtype, device=x.device)
    streams = residual(torch.cat([x[None], unit[:, None].expand(d, *x.shape)]))
    return streams[0], streams[1:].permute(1, 2, 0)
