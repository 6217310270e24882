"""A linear system that is assembled and solved again in every time step."""

from typing import Any, Protocol

from ._arrays import Array
from ._dolfinx import PETSc, fem, fem_petsc
from ._matrix import SystemMatrix
from ._prediction import Predictor


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

    def reset(self, pc: PETSc.PC) -> None:
        """Forget what was prepared."""
        self.inner.reset()

    def apply(self, pc: PETSc.PC, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Compute y = P M P x."""
        projected = x.copy()
        self.projection(projected.array_w)
        self.inner.apply(projected, y)
        self.projection(y.array_w)
        projected.destroy()


class LinearProblem:
    """Find x with A x = L(v) for all v, by a PETSc Krylov method.

    The matrix's sparsity and the preconditioner's set-up are kept between solves. The
    solutions of the solves before start the iteration, in the first solve the content
    of the solution. A preconditioner is kept as
    long as a solve takes fewer iterations than the mean since it was made, its making
    included: then the mean still falls.

    Args:
        name: Name for error messages.
        matrix: Matrix A, assembled in every solve.
        L: Linear form.
        solution: Function that starts and receives the solution.
        options: PETSc options of the solver.
        null_space: Whether constants are in the kernel (pressure).
        renewal: Iterations that cost as much as to make the preconditioner; 0 makes it
            in every solve.
        projection: Where given, the solution and the test functions are confined to
            its range, from which the solution must start.
    """

    def __init__(
        self,
        name: str,
        matrix: SystemMatrix,
        L: Any,
        solution: fem.Function,
        options: dict[str, Any],
        null_space: bool = False,
        renewal: int = 0,
        projection: SubspaceProjection | None = None,
    ) -> None:
        self.name, self.matrix, self.solution = name, matrix, solution
        self.null_space, self.renewal = null_space, renewal
        self.L = fem.form(L)
        self.b = fem_petsc.create_vector(self.L.function_spaces[0])
        comm = matrix.A.getComm()
        self.constants = PETSc.NullSpace().create(constant=True, comm=comm)
        if null_space:
            matrix.A.setNullSpace(self.constants)
        self.predictor = Predictor(solution.x.petsc_vec)
        self._create_solver(options)
        if projection is not None:
            self._confine(projection)
        self._reuse(False)

    def _create_solver(self, options: dict[str, Any]) -> None:
        self.ksp = PETSc.KSP().create(self.matrix.A.getComm())
        self.ksp.setOperators(self.matrix.A, self.matrix.P)
        self.ksp.setInitialGuessNonzero(True)
        prefix = f"ncl_{self.name}_"
        self.ksp.setOptionsPrefix(prefix)
        database: Any = PETSc.Options()
        for key, value in options.items():
            database[prefix + key] = value
        self.ksp.setFromOptions()
        for key in options:
            database.delValue(prefix + key)
        self.inner = self.ksp.getPC()

    def _confine(self, projection: SubspaceProjection) -> None:
        context = _ProjectedPreconditioner(self.inner, projection)
        outer = PETSc.PC().createPython(context, comm=self.matrix.A.getComm())
        outer.setOperators(self.matrix.A, self.matrix.P)
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
        if L is None:
            self.predictor.predict(self.solution.x.petsc_vec)
        reason = self._iterate()
        if reason < 0:
            # a new preconditioner, and a new start of methods that broke down
            self._reuse(False)
            reason = self._iterate()
        self.solution.x.scatter_forward()
        count = int(self.ksp.getIterationNumber())
        if reason < 0:
            raise RuntimeError(
                f"the {self.name} solve did not converge (PETSc reason {reason}, "
                f"{count} iterations); use a smaller dt or a larger n"
            )
        if L is None:
            self.predictor.learn(self.solution.x.petsc_vec)
        self.counts.append(count)
        mean = (self.renewal + sum(self.counts)) / len(self.counts)
        self._reuse(self.renewal > 0 and count <= mean)
        return count

    def _assemble(self, L: Any) -> None:
        self.matrix.assemble()
        with self.b.localForm() as local:
            local.set(0.0)
        fem_petsc.assemble_vector(self.b, L)
        self.matrix.complete(self.b)
        if self.null_space:
            self.constants.remove(self.b)

    def _iterate(self) -> int:
        """Run the Krylov method; return PETSc's reason for its end."""
        if not self.reuses:
            self.matrix.refresh()
        self.ksp.solve(self.b, self.solution.x.petsc_vec)
        reason: Any = self.ksp.getConvergedReason()
        return int(reason)

    def _reuse(self, keep: bool) -> None:
        """Say whether the next solve keeps the preconditioner of this one."""
        self.reuses = keep
        self.ksp.getPC().setReusePreconditioner(keep)
        if not keep:
            self.counts: list[int] = []

    def forget(self) -> None:
        """Forget earlier solutions and the preconditioner."""
        self.predictor.forget()
        self.ksp.getPC().reset()
        self.ksp.setOperators(self.matrix.A, self.matrix.P)
        self._reuse(False)

    def describe(self) -> str:
        """Return the name of the method and of its preconditioner."""
        pc: Any = self.inner.getType()
        package: Any = self.inner.getFactorSolverType() if pc == "lu" else None
        return f"{self.ksp.getType()} with {pc}" + (f" ({package})" if package else "")

    def destroy(self) -> None:
        """Free the PETSc objects."""
        for item in (self.ksp, self.matrix, self.predictor, self.b, self.constants):
            item.destroy()
