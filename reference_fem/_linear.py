"""A linear system that is assembled and solved again in every time step."""

from collections.abc import Sequence
from typing import Any, Protocol

from ._arrays import Array
from ._dolfinx import PETSc, fem, fem_petsc


class SubspaceProjection(Protocol):
    """An orthogonal projection of owned degrees of freedom onto a subspace."""

    def __call__(self, values: Array) -> None:
        """Project in place.

        Args:
            values: Owned degrees of freedom (N,).
        """


class _ProjectedPreconditioner:
    r"""The preconditioner :math:`P M P` of a projection P, for PETSc.

    A Krylov method that starts in the range of P stays there and solves
    :math:`P (b - A x) = 0`, the equation with unknowns and test functions in that
    range.
    """

    def __init__(self, inner: PETSc.PC, projection: SubspaceProjection) -> None:
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
        bcs: Degrees of freedom that are given, by dolfinx.
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
        projection: SubspaceProjection | None = None,
        bcs: Sequence[Any] = (),
    ) -> None:
        self.name, self.solution, self.bcs = name, solution, list(bcs)
        self.null_space, self.reuse_below = null_space, reuse_below
        self.a, self.L = fem.form(a), fem.form(L)
        self.A = fem_petsc.create_matrix(self.a)
        self.b = fem_petsc.create_vector(self.L.function_spaces[0])
        self.fixed, self.lifted = None, [self.a]
        if fixed is not None:
            form = fem.form(fixed)
            # the matrix that it is added to has the ones of given values
            self.fixed = fem_petsc.assemble_matrix(form, bcs=self.bcs, diag=0.0)
            self.fixed.assemble()
            self.lifted.append(form)
        comm = self.A.getComm()
        self.constants = PETSc.NullSpace().create(constant=True, comm=comm)
        if null_space:
            self.A.setNullSpace(self.constants)
        self._create_solver(options)
        if projection is not None:
            self._confine(projection)
        self._reuse(False)

    def _create_solver(self, options: dict[str, Any]) -> None:
        self.ksp = PETSc.KSP().create(self.A.getComm())
        self.ksp.setOperators(self.A)
        self.ksp.setInitialGuessNonzero(True)
        prefix = f"ncl_{self.name}_"
        self.ksp.setOptionsPrefix(prefix)
        database: Any = PETSc.Options()
        for key, value in options.items():
            database[prefix + key] = value
        self.ksp.setFromOptions()
        for key in options:
            database.delValue(prefix + key)

    def _confine(self, projection: SubspaceProjection) -> None:
        context = _ProjectedPreconditioner(self.ksp.getPC(), projection)
        outer = PETSc.PC().createPython(context, comm=self.A.getComm())
        outer.setOperators(self.A)
        self.ksp.setPC(outer)

    def solve(self, L: Any | None = None) -> int:
        """Assemble and solve.

        Args:
            L: Compiled linear form that replaces L in this solve.

        Returns:
            Number of iterations.

        Raises:
            RuntimeError: If the iteration does not converge.
        """
        self._assemble(self.L if L is None else L)
        reason = self._iterate()
        if reason < 0 and self.reuses:
            self._reuse(False)
            reason = self._iterate()
        self.solution.x.scatter_forward()
        count = int(self.ksp.getIterationNumber())
        if reason < 0:
            raise RuntimeError(
                f"the {self.name} solve did not converge (PETSc reason {reason}, "
                f"{count} iterations); use a smaller dt or a larger n"
            )
        self._reuse(count < self.reuse_below)
        return count

    def _assemble(self, L: Any) -> None:
        self.A.zeroEntries()
        fem_petsc.assemble_matrix(self.A, self.a, bcs=self.bcs)
        self.A.assemble()
        if self.fixed is not None:
            pattern = PETSc.Mat.Structure.SUBSET_NONZERO_PATTERN
            self.A.axpy(1.0, self.fixed, pattern)
        with self.b.localForm() as local:
            local.set(0.0)
        fem_petsc.assemble_vector(self.b, L)
        if self.bcs:
            for form in self.lifted:
                fem_petsc.apply_lifting(self.b, [form], bcs=[self.bcs])
        self.b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        if self.bcs:
            fem_petsc.set_bc(self.b, self.bcs)
        if self.null_space:
            self.constants.remove(self.b)

    def _iterate(self) -> int:
        """Run the Krylov method; return PETSc's reason for its end."""
        self.ksp.solve(self.b, self.solution.x.petsc_vec)
        reason: Any = self.ksp.getConvergedReason()
        return int(reason)

    def _reuse(self, keep: bool) -> None:
        """Say whether the next solve keeps the preconditioner of this one."""
        self.reuses = keep
        self.ksp.getPC().setReusePreconditioner(keep)

    def destroy(self) -> None:
        """Free the PETSc objects."""
        for item in (self.ksp, self.A, self.b, self.constants, self.fixed):
            if item is not None:
                item.destroy()
