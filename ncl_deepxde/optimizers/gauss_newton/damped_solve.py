r"""The damped systems of Gauss-Newton, in the space of residuals or of parameters.

.. math:: d = J^T (J J^T + \lambda \bar k I)^{-1} b
            = (J^T J + \lambda \bar k I)^{-1} J^T b

with the mean :math:`\bar k` of the diagonal of :math:`J J^T`. The smaller matrix is
factored; if both are large, conjugate gradients solve the first system.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .cg import conjugate_gradients, nystrom
from .jacobian import Jacobian

__all__ = ["SOLVERS", "DampedSolver", "SolverOptions", "damped_factor", "damped_solver"]

JITTERS = (0.0, 1e-12, 1e-10, 1e-8, 1e-6)
MOST_DENSE = 6000
SOLVERS = ("auto", "kernel", "gram", "cg")


@dataclass(frozen=True)
class SolverOptions:
    """How to solve; ``rank``, ``tolerance`` and ``iterations`` are of kind ``"cg"``."""

    kind: str
    rank: int
    tolerance: float
    iterations: int


@dataclass
class DampedSolver:
    """The damped system of one step.

    Attributes:
        solve: Maps b (R,) to d, one tensor per parameter.
        is_accurate: Whether all solutions so far met the tolerance.
    """

    solve: Callable[[Tensor], list[Tensor]]
    is_accurate: bool = True


def damped_solver(
    jacobian: Jacobian, damping: float, options: SolverOptions, seed: int
) -> DampedSolver:
    r"""Return the system of a step, factored at most once.

    Args:
        jacobian: At the points of the step.
        damping: :math:`\lambda`.
        options: The method and its numbers.
        seed: Seed of the random sketch.

    Raises:
        RuntimeError: The Jacobian is not finite, or the matrix is singular.
    """
    num_residuals = len(jacobian.residuals)
    num_parameters = sum(shape.numel() for shape in jacobian.shapes)
    kind = options.kind
    if kind == "auto":
        kind = "kernel" if num_residuals <= num_parameters else "gram"
        kind = kind if min(num_residuals, num_parameters) <= MOST_DENSE else "cg"
    if kind == "cg":
        return _by_cg(jacobian, damping, options, seed)
    if kind == "gram":
        # The damping is in units of the kernel's mean diagonal, with the same trace.
        return _by_gram(jacobian, damping * num_parameters / num_residuals)
    return _by_kernel(jacobian, damping)


def _by_kernel(jacobian: Jacobian, damping: float) -> DampedSolver:
    factor = damped_factor(jacobian.kernel(), damping)
    dtype = jacobian.residuals.dtype
    return DampedSolver(
        lambda b: jacobian.pull(_substitute(factor, b.double()).to(dtype))
    )


def _by_gram(jacobian: Jacobian, damping: float) -> DampedSolver:
    factor, exact = damped_factor(jacobian.gram(), damping), jacobian.double()
    shapes, dtype = jacobian.shapes, jacobian.residuals.dtype

    def solve(b: Tensor) -> list[Tensor]:
        gradient = torch.cat([g.flatten() for g in exact.pull(b.double())])
        entries = _substitute(factor, gradient).to(dtype)
        pieces = torch.split(entries, [shape.numel() for shape in shapes])
        return [e.reshape(shape) for e, shape in zip(pieces, shapes, strict=True)]

    return DampedSolver(solve)


def _by_cg(
    jacobian: Jacobian, damping: float, options: SolverOptions, seed: int
) -> DampedSolver:
    sketch, exact = nystrom(jacobian, options.rank, seed), jacobian.double()
    mu = damping * sketch.scale
    precondition = sketch.preconditioner(mu)

    def product(v: Tensor) -> Tensor:
        return exact.push(exact.pull(v)) + mu * v

    def solve(b: Tensor) -> list[Tensor]:
        a, is_accurate = conjugate_gradients(
            product, b.double(), precondition, options.tolerance, options.iterations
        )
        solver.is_accurate &= is_accurate
        return jacobian.pull(a.to(b.dtype))

    solver = DampedSolver(solve)
    return solver


def damped_factor(K: Tensor, damping: float) -> Tensor:
    r"""Return Cholesky's factor (R, R) of :math:`K + \lambda \bar k I` in float64.

    Args:
        K: Lower triangle of a positive semidefinite matrix, (R, R), float64; its
            diagonal is used up.
        damping: :math:`\lambda \ge 0`, in units of the mean :math:`\bar k` of the
            diagonal.

    Raises:
        RuntimeError: The matrix is not finite, or singular whatever is added.
    """
    diagonal = K.diagonal().clone()
    scale = diagonal.mean().item()
    # No entry exceeds the largest of the diagonal.
    if not torch.isfinite(diagonal).all():
        raise RuntimeError(
            "GaussNewton: the kernel J J^T is not finite. Check the residuals for "
            "divisions and roots, or start with a larger damping."
        )
    for jitter in JITTERS if scale > 0 else ():
        K.diagonal().copy_(diagonal + (damping + jitter) * scale)
        result = torch.linalg.cholesky_ex(K)
        if not result.info.item():
            factor: Tensor = result.L
            return factor
    raise RuntimeError(
        f"GaussNewton: the kernel J J^T ({len(K)} unknowns) is singular (mean of the "
        f"diagonal {scale:.2e}) at damping {damping:.1e}. Raise damping, or check "
        "whether residuals depend on the parameters at all."
    )


def _substitute(factor: Tensor, b: Tensor) -> Tensor:
    x: Tensor = torch.cholesky_solve(b[:, None], factor)[:, 0]
    return x
