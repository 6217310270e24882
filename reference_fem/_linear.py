"""A linear system that is assembled and solved again in every time step."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ._dolfinx import PETSc, fem, fem_petsc


class Projection(Protocol):
    """An orthogonal projection of owned degrees of freedom, in place."""

    def __call__(self, values: NDArray[np.float64]) -> None:
        """Project."""


class _ProjectedPreconditioner:
    r"""The preconditioner :math:`P M P` of a projection P, for PETSc.

    A Krylov method that starts in the range of P stays there and solves
    :math:`P (b - A x) = 0`, the equation with unknowns and test functions in that
    range.
    """

    def __init__(self, inner: PETSc.PC, projection: Projection) -> None:
        self.inner, self.projection = inner, projection

    def setUp(self, pc: PETSc.PC) -> None:
        """Prepare for a new matrix."""
        self.inner.setOperators(*pc.getOperators())
        self.inner.setUp()

    def apply(self, pc: PETSc.PC, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Compute y = P M P x."""
        projected = x.copy()
        self.projection(projected.array_w)
        self.inner.apply(projected, y)
        self.projection(y.array_w)
        projected.destroy()


class LinearProblem:
    """Find x with a(x, v) = L(v) for all v, by a PETSc Krylov method.

    The matrix, its sparsity and the preconditioner's set-up are kept between solves;
    the current content of the solution starts the iteration.

    Args:
        name: Name for error messages.
        a: Bilinear form, assembled in every solve.
        L: Linear form.
        solution: Function that starts and receives the solution.
        options: PETSc options of the solver.
        null_space: Whether constants are in the kernel (pressure).
        reuse_below: Keep the preconditioner of an older matrix as long as solves take
            fewer iterations than this; 0 renews it in every solve.
        fixed: Further part of the bilinear form, assembled once.
        projection: Where given, the solution and the test functions are confined to
            its range, from which the solution must start.
    """

    def __init__(
        self,
        name: str,
        a: Any,
        L: Any,
        solution: fem.Function,
        options: dict[str, Any],
        null_space: bool = False,
        reuse_below: int = 0,
        fixed: Any = None,
        projection: Projection | None = None,
    ) -> None:
        self.name, self.a, self.L, self.solution = (
            name,
            fem.form(a),
            fem.form(L),
            solution,
        )
        self.A = fem_petsc.create_matrix(self.a)
        self.b = fem_petsc.create_vector(self.L.function_spaces[0])
        self.fixed = None
        if fixed is not None:
            self.fixed = fem_petsc.assemble_matrix(fem.form(fixed))
            self.fixed.assemble()
        comm = self.A.getComm()
        self.constants = PETSc.NullSpace().create(constant=True, comm=comm)
        self.null_space, self.reuse_below = null_space, reuse_below
        if null_space:
            self.A.setNullSpace(self.constants)
        self.ksp = PETSc.KSP().create(comm)
        self.ksp.setOperators(self.A)
        self.ksp.setInitialGuessNonzero(True)
        self._set_options(options)
        if projection is not None:
            self._project(projection)
        self._reuse(False)

    def _set_options(self, options: dict[str, Any]) -> None:
        prefix = f"ncl_{self.name}_"
        self.ksp.setOptionsPrefix(prefix)
        database: Any = PETSc.Options()
        for key, value in options.items():
            database[prefix + key] = value
        self.ksp.setFromOptions()
        for key in options:
            database.delValue(prefix + key)

    def _project(self, projection: Projection) -> None:
        context = _ProjectedPreconditioner(self.ksp.getPC(), projection)
        outer = PETSc.PC().createPython(context, comm=self.A.getComm())
        outer.setOperators(self.A)
        self.ksp.setPC(outer)

    def solve(self, L: Any | None = None) -> int:
        """Assemble and solve.

        Args:
            L: Compiled linear form in place of the problem's own.

        Returns:
            Number of iterations.

        Raises:
            RuntimeError: If the iteration does not converge.
        """
        self._assemble_matrix()
        with self.b.localForm() as local:
            local.set(0.0)
        fem_petsc.assemble_vector(self.b, self.L if L is None else L)
        self.b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        if self.null_space:
            self.constants.remove(self.b)
        x = self.solution.x.petsc_vec
        self.ksp.solve(self.b, x)
        reason: Any = self.ksp.getConvergedReason()
        if reason < 0 and self.reuses:
            self._reuse(False)
            self.ksp.solve(self.b, x)
            reason = self.ksp.getConvergedReason()
        self.solution.x.scatter_forward()
        if reason < 0:
            raise RuntimeError(
                f"the {self.name} solve did not converge (PETSc reason {reason}, "
                f"{self.ksp.getIterationNumber()} iterations); use a smaller dt or a "
                "larger n"
            )
        count = int(self.ksp.getIterationNumber())
        self._reuse(count < self.reuse_below)
        return count

    def _assemble_matrix(self) -> None:
        self.A.zeroEntries()
        fem_petsc.assemble_matrix(self.A, self.a)
        self.A.assemble()
        if self.fixed is not None:
            pattern = PETSc.Mat.Structure.SUBSET_NONZERO_PATTERN
            self.A.axpy(1.0, self.fixed, pattern)

    def _reuse(self, keep: bool) -> None:
        self.reuses = keep
        self.ksp.getPC().setReusePreconditioner(keep)

    def destroy(self) -> None:
        """Free the PETSc objects."""
        for item in (self.ksp, self.A, self.b, self.constants, self.fixed):
            if item is not None:
                item.destroy()
