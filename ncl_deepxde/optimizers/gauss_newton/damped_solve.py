r"""The damped systems of Gauss-Newton, in the space of residuals or of parameters.

.. math:: d = J^T (J J^T + \lambda \bar k I)^{-1} b
            = (J^T J + \lambda \bar k I)^{-1} J^T b

with the mean :math:`\bar k` of the diagonal of :math:`J J^T`. Where a few rows span
the Jacobian, the system is solved in their span; else the smaller matrix is factored;
if both are large, conjugate gradients solve the first system.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Protocol

import torch
from torch import Tensor

from .cg import Nystrom, conjugate_gradients, nystrom
from .jacobian import Jacobian
from .refinement import Linear, refined
from .row_basis import RowBasis

__all__ = [
    "SOLVERS",
    "DampedSolver",
    "DampedSystem",
    "SolverOptions",
    "damped_factor",
    "damped_system",
]

# With less a Gram matrix, as it is rounded, may not be definite.
LEAST_SHIFT = 1e-14
# Rounding of the matrix, in units of what is added, that solutions may ignore.
EXACT = 1e-3
# What refinement leaves of the gradient: smaller tolerances find more of the
# smallest singular values, which change little in a step and cost iterations.
REFINED, MOST_REFINEMENTS = 1e-3, 40
# Entries of a Jacobian that is kept whole for products, 256 MiB: those with its blocks
# took five times as long (4000 residuals, 1361 parameters, 3.4 and 18 ms).
MOST_KEPT = 2**25
JITTERS = (0.0, 1e-12, 1e-10, 1e-8, 1e-6)
MOST_DENSE = 6000
# Smaller matrices are factored in less time than their rank is found.
LEAST_SPANNED = 500
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
    r"""The damped system of one step at one damping.

    Attributes:
        solve: Maps b (R,) to d, one tensor per parameter.
        is_accurate: Whether all solutions so far met the tolerance.
        is_direct: Whether a further solution costs little beside the step.
        spread: Maps P normal numbers to J d, (R,), where d has the covariance
            :math:`(J^T J + \mu I)^{-1}`; none where only the kernel is factored.
    """

    solve: Callable[[Tensor], list[Tensor]]
    is_accurate: bool = True
    is_direct: bool = True
    spread: Callable[[Tensor], Tensor] | None = None


class DampedSystem(Protocol):
    """The system of one step, assembled once for any number of dampings."""

    def at(self, damping: float) -> DampedSolver:
        r"""Return the solver at a damping :math:`\lambda`.

        Raises:
            RuntimeError: The matrix is singular.
        """
        ...


def damped_system(
    jacobian: Jacobian, options: SolverOptions, seed: int
) -> DampedSystem:
    """Return the system of a step with its matrix, or its sketch for ``"cg"``.

    Args:
        jacobian: At the points of the step.
        options: The method and its numbers.
        seed: Seed of the random sketch.

    Raises:
        RuntimeError: The Jacobian is not finite.
    """
    num_residuals = len(jacobian.residuals)
    num_parameters = sum(shape.numel() for shape in jacobian.shapes)
    # The same derivatives in all products: those of rows rounded to float32 differ by
    # more than a small damping allows.
    jacobian = jacobian.double()
    kind, smaller = options.kind, min(num_residuals, num_parameters)
    if kind == "auto":
        kind = "kernel" if num_residuals <= num_parameters else "gram"
        kind = kind if smaller <= MOST_DENSE else "cg"
        if smaller >= LEAST_SPANNED:
            other = replace(options, kind=kind)
            return _SpannedSystem(jacobian, RowBasis(jacobian, seed), other, seed)
    if kind == "cg":
        return _SketchedSystem(jacobian, nystrom(jacobian, options.rank, seed), options)
    if kind == "gram":
        return _GramSystem(jacobian, jacobian.gram())
    return _KernelSystem(jacobian, jacobian.kernel())


@dataclass(frozen=True)
class _KernelSystem:
    jacobian: Jacobian
    matrix: Tensor

    def at(self, damping: float) -> DampedSolver:
        """See ``DampedSystem``."""
        factor = damped_factor(self.matrix, damping)

        def solve(b: Tensor) -> list[Tensor]:
            # With small damping a is large, and J^T a small: both need float64.
            a = _substitute(factor, b.double())
            return [d.to(b.dtype) for d in self.jacobian.pull(a)]

        return DampedSolver(solve)


@dataclass(frozen=True)
class _GramSystem:
    jacobian: Jacobian
    matrix: Tensor

    def at(self, damping: float) -> DampedSolver:
        """See ``DampedSystem``."""
        # The damping is in units of the kernel's mean diagonal, with the same trace.
        unit = len(self.matrix) / len(self.jacobian.residuals)
        shift = damping * unit
        factor = damped_factor(self.matrix, max(shift, LEAST_SHIFT))
        approximate = partial(_substitute, factor)
        push, pull = self._products
        mu = shift * self.matrix.diagonal().mean().item()
        # Rounding of the matrix is that of its largest eigenvalue, at most its trace.
        rounding = len(self.matrix) * torch.finfo(torch.float64).eps
        is_exact = rounding < EXACT * shift

        def solve(b: Tensor) -> list[Tensor]:
            if is_exact:
                d = approximate(pull(b.double()))
            else:
                numbers = mu, REFINED, MOST_REFINEMENTS
                d, found = refined(push, pull, approximate, b.double(), *numbers)
                solver.is_accurate &= found
            return _separated(d.to(b.dtype), self.jacobian)

        solver = DampedSolver(
            solve, spread=lambda normal: push(_uncorrelated(factor, normal))
        )
        return solver

    @cached_property
    def _products(self) -> tuple[Linear, Linear]:
        """Products of vectors (P,) with J and (R,) with its transpose."""
        J = self.jacobian
        if len(J.residuals) * len(self.matrix) <= MOST_KEPT:
            own, here = torch.cat(list(J.rows())), J.rows_of.processes
            return (
                lambda d: J.gather(own @ d),
                lambda r: here.sum(torch.cat(J.own(r)) @ own)[0],
            )
        return (lambda d: J.push(_separated(d, J))), (lambda r: _joined(J.pull(r)))


@dataclass(frozen=True)
class _SpannedSystem:
    """The system in the span of a few rows, or another where it takes many."""

    jacobian: Jacobian
    basis: RowBasis
    other: SolverOptions
    seed: int

    def at(self, damping: float) -> DampedSolver:
        """See ``DampedSystem``."""
        if not self.basis.reaches(damping):
            return self._otherwise.at(damping)
        B, F, mu = self.basis.B, self.basis.F, damping * self.basis.scale
        unit = self.basis.scale / self.basis.gram.diagonal().mean().item()
        factor = damped_factor(self.basis.gram, damping * unit)

        def solve(b: Tensor) -> list[Tensor]:
            right = b.double()
            z = _substitute(factor, F.T @ right)
            rest = _joined(self.jacobian.pull((right - F @ z) / mu))
            d = B @ z + rest - B @ (B.T @ rest)
            return _separated(d.to(b.dtype), self.jacobian)

        def spread(normal: Tensor) -> Tensor:
            return F @ _uncorrelated(factor, normal[: len(factor)])

        return DampedSolver(solve, spread=spread)

    @cached_property
    def _otherwise(self) -> DampedSystem:
        return damped_system(self.jacobian, self.other, self.seed)


@dataclass(frozen=True)
class _SketchedSystem:
    jacobian: Jacobian
    sketch: Nystrom
    options: SolverOptions

    def at(self, damping: float) -> DampedSolver:
        """See ``DampedSystem``."""
        J, options = self.jacobian, self.options
        mu = damping * self.sketch.scale
        precondition = self.sketch.preconditioner(mu)

        def product(v: Tensor) -> Tensor:
            return J.push(J.pull(v)) + mu * v

        def solve(b: Tensor) -> list[Tensor]:
            a, is_accurate = conjugate_gradients(
                product, b.double(), precondition, options.tolerance, options.iterations
            )
            solver.is_accurate &= is_accurate
            return [d.to(b.dtype) for d in J.pull(a)]

        solver = DampedSolver(solve, is_direct=False)
        return solver


def damped_factor(K: Tensor, damping: float) -> Tensor:
    r"""Return Cholesky's factor (R, R) of :math:`K + \lambda \bar k I` in float64.

    Args:
        K: Lower triangle of a positive semidefinite matrix, (R, R), float64.
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
        K.diagonal().copy_(diagonal)
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


def _uncorrelated(factor: Tensor, normal: Tensor) -> Tensor:
    """Return normal numbers whose covariance is the inverse of the factored matrix."""
    x: Tensor = torch.linalg.solve_triangular(factor.T, normal[:, None], upper=True)
    return x[:, 0]


def _joined(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


def _separated(entries: Tensor, jacobian: Jacobian) -> list[Tensor]:
    """Return entries (P,) as one tensor per parameter."""
    shapes = jacobian.shapes
    pieces = torch.split(entries, [shape.numel() for shape in shapes])
    return [e.reshape(shape) for e, shape in zip(pieces, shapes, strict=True)]
