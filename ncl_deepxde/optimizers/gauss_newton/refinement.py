r"""Damped least squares beyond the rounding of the Gram matrix.

The smallest singular values of :math:`J` are lost in :math:`G = J^T J`: its rounding is
that of its largest eigenvalue, whatever the damping. They are in :math:`J` itself. So

.. math:: \min_d |b - J d|^2 + \mu |d|^2

is solved by conjugate gradients with products by :math:`J` and :math:`J^T` alone
(CGLS), for which the factor of :math:`G + \mu I`, as inexact as it is, is an excellent
preconditioner: one or two iterations where the damping is large, some ten where it is
below the rounding of :math:`G`.

References:
    A. Bjorck, T. Elfving, Z. Strakos, Stability of conjugate gradient and Lanczos
    methods for linear least squares problems (SIAM J. Matrix Anal. Appl. 1998),
    https://doi.org/10.1137/S089547989631202X: CGLS.
    A. Bjorck, Numerical Methods for Least Squares Problems (SIAM 1996), 7.3:
    preconditioners from normal equations.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["Linear", "refined"]

Linear = Callable[[Tensor], Tensor]


def refined(
    push: Linear,
    pull: Linear,
    solve: Linear,
    b: Tensor,
    mu: float,
    tolerance: float,
    limit: int,
) -> tuple[Tensor, bool]:
    r"""Return d, (P,), and whether the iteration reached its tolerance.

    Args:
        push: Product of (P,) with J, (R,).
        pull: Product of (R,) with its transpose, (P,).
        solve: Product of (P,) with an approximate inverse of :math:`J^T J + \mu I`.
        b: Shape (R,), float64.
        mu: :math:`\mu > 0`.
        tolerance: Largest gradient that is left, in units of the first one, in the norm
            of the preconditioner.
        limit: Largest number of iterations.
    """
    rest, gradient = b.clone(), pull(b)
    d = torch.zeros_like(gradient)
    z = solve(gradient)
    direction, slope = z, (gradient @ z).item()
    goal = tolerance**2 * slope
    for _ in range(limit):
        if not slope > goal:
            break
        image = push(direction)
        curvature = image @ image + mu * (direction @ direction)
        size = slope / curvature.item()
        d = d + size * direction
        rest = rest - size * image
        gradient = pull(rest) - mu * d
        z = solve(gradient)
        before, slope = slope, (gradient @ z).item()
        direction = z + slope / before * direction
    return d, slope <= goal
