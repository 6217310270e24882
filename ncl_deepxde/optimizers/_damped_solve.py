r"""The damped system :math:`(K + \lambda \bar k I) a = b` of Gauss-Newton."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["damped_solve"]

JITTERS = (0.0, 1e-12, 1e-10, 1e-8, 1e-6)


def damped_solve(K: Tensor, b: Tensor, damping: float) -> Tensor:
    r"""Return the solution (R,) in float64 by Cholesky's factorization.

    Args:
        K: Lower triangle of a positive semidefinite kernel, (R, R), float64; its
            diagonal is used up.
        b: Shape (R,).
        damping: :math:`\lambda \ge 0`, in units of the mean :math:`\bar k` of the
            diagonal.

    Raises:
        RuntimeError: The kernel is not finite, or singular whatever is added.
    """
    diagonal = K.diagonal().clone()
    scale = diagonal.mean().item()
    # No entry of a kernel exceeds the largest of its diagonal.
    if not torch.isfinite(diagonal).all() or not torch.isfinite(b).all():
        raise RuntimeError(
            "GaussNewton: the kernel J J^T or the residuals are not finite. Check the "
            "residuals for divisions and roots, or start with a larger damping."
        )
    for jitter in JITTERS if scale > 0 else ():
        K.diagonal().copy_(diagonal + (damping + jitter) * scale)
        factor, info = torch.linalg.cholesky_ex(K)
        if not info.item():
            return torch.cholesky_solve(b.double()[:, None], factor)[:, 0]
    raise RuntimeError(
        f"GaussNewton: the kernel J J^T of {len(K)} residuals is singular (mean of the "
        f"diagonal {scale:.2e}) at damping {damping:.1e}. Raise damping, or check "
        "whether residuals depend on the parameters at all."
    )
