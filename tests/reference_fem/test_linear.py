"""Linear systems: solutions, the kernel, reuse, a subspace, failure."""

import numpy as np
import pytest

pytestmark = pytest.mark.fem

KRYLOV = {"ksp_type": "gmres", "pc_type": "jacobi", "ksp_rtol": 1e-12}


@pytest.fixture
def space():
    from mpi4py import MPI

    from reference_fem._dolfinx import fem, mesh

    return fem.functionspace(mesh.create_unit_square(MPI.COMM_SELF, 4, 4), ("P", 1))


def create(space, mass, stiffness, source, options=KRYLOV, **arguments):
    """Return mass u - stiffness Laplacian u = source."""
    from reference_fem._dolfinx import fem, ufl
    from reference_fem._linear import LinearProblem
    from reference_fem._matrix import FormMatrix

    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    a = mass * u * v * ufl.dx + stiffness * ufl.dot(ufl.grad(u), ufl.grad(v)) * ufl.dx
    L = source(ufl.SpatialCoordinate(space.mesh)) * v * ufl.dx
    return LinearProblem(
        "test", FormMatrix(a), L, fem.Function(space), options, **arguments
    )


def coefficient(space, value):
    from reference_fem._dolfinx import fem

    return fem.Constant(space.mesh, value)


def test_matrix_is_assembled_anew_in_every_solve(space):
    mass, none = coefficient(space, 1.0), coefficient(space, 0.0)
    problem = create(space, mass, none, lambda x: 2 + x[0])
    x = space.tabulate_dof_coordinates()[:, 0]
    for value in (1.0, 4.0):
        mass.value = value
        problem.solve()
        assert np.abs(problem.solution.x.array - (2 + x) / value).max() < 1e-10
    problem.destroy()


def test_constants_in_the_kernel_are_left_out(space):
    one, none = coefficient(space, 1.0), coefficient(space, 0.0)
    problem = create(space, none, one, lambda x: x[0], null_space=True)
    problem.solve()
    residual = problem.matrix.A * problem.solution.x.petsc_vec - problem.b
    # the mean of the right-hand side, 1/2, has no solution and is removed
    assert residual.norm() < 1e-10
    assert abs(problem.b.sum()) < 1e-14


def test_preconditioner_is_kept_while_the_mean_falls(space):
    one = coefficient(space, 1.0)
    problem = create(space, one, one, lambda x: x[0], renewal=10)
    assert problem.reuses is False
    count = problem.solve()
    assert problem.reuses is True
    problem.predictor.forget()
    problem.solution.x.array[:] = 0.0
    # as many again: the mean is now count + 5
    assert problem.solve() == count
    assert problem.reuses is True
    problem.counts = [1]
    problem.predictor.forget()
    problem.solution.x.array[:] = 0.0
    # more than the mean of 10, 1 and count
    assert problem.solve() == count > 11
    assert problem.reuses is False
    assert problem.counts == []


def test_preconditioner_is_made_anew_by_default(space):
    one = coefficient(space, 1.0)
    problem = create(space, one, one, lambda x: x[0])
    problem.solve()
    assert problem.reuses is False


def test_earlier_solutions_start_the_iteration(space):
    one = coefficient(space, 1.0)
    problem = create(space, one, one, lambda x: x[0])
    assert problem.solve() > 5
    assert problem.solve() <= 1


def test_solution_stays_in_the_subspace(space):
    fixed = np.arange(0, 25, 3)
    free = np.setdiff1d(np.arange(25), fixed)

    def vanish(values):
        values[fixed] = 0.0

    one = coefficient(space, 1.0)
    # a preconditioner that leads out of the subspace
    options = KRYLOV | {"pc_type": "ilu"}
    problem = create(space, one, one, lambda x: 1 + x[0], options, projection=vanish)
    problem.solve()
    found, residual = problem.solution.x.array, problem.b.copy()
    residual.axpy(-1.0, problem.matrix.A * problem.solution.x.petsc_vec)
    assert np.array_equal(found[fixed], np.zeros(9))
    assert np.abs(found[free]).min() > 1e-3
    assert np.abs(residual.array[free]).max() < 1e-12
    assert np.abs(residual.array[fixed]).min() > 1e-4


def test_failure_names_the_problem_and_the_remedy(space):
    one, options = coefficient(space, 1.0), KRYLOV | {"ksp_max_it": 1}
    problem = create(space, one, one, lambda x: x[0], options)
    with pytest.raises(RuntimeError, match=r"the test solve did not converge.*dt"):
        problem.solve()
