"""Matrices of vector fields: by component as by the vector's form, given values."""

import numpy as np
import pytest

pytestmark = pytest.mark.fem

EPS = np.finfo(float).eps


@pytest.fixture
def problem():
    """Forms of a carried vector field, by component and as a whole."""
    from mpi4py import MPI

    from reference_fem._dolfinx import fem, mesh, ufl
    from reference_fem._spaces import flow_spaces

    msh = mesh.create_unit_square(MPI.COMM_SELF, 3, 4)
    R, V, _ = flow_spaces(msh, 2)
    rho, w = fem.Function(R), fem.Function(V)
    rho.interpolate(lambda x: 1 + x[0] * x[1])
    w.interpolate(lambda x: np.stack([9 * x[1], 5 - 9 * x[0]]))
    normal = ufl.FacetNormal(msh)

    def shared(s, r):
        def jumps(f):
            return ufl.jump(ufl.grad(f), normal)

        term = rho * ufl.inner(s, r) + ufl.inner(ufl.dot(ufl.grad(s), w), r)
        return term * ufl.dx + 0.1 * ufl.inner(jumps(s), jumps(r)) * ufl.dS

    u, v = ufl.TrialFunction(V), ufl.TestFunction(V)
    s, r = ufl.TrialFunction(R), ufl.TestFunction(R)
    fixed = 3 * ufl.div(u) * ufl.div(v) * ufl.dx
    return rho, V, shared(s, r), fixed, shared(u, v) + fixed


def dense(A):
    return A.convert("dense", out=type(A)()).getDenseArray().copy()


def difference(A, B):
    return np.abs(dense(A) - dense(B)).max()


def test_components_make_the_matrix_of_the_whole_form(problem):
    from reference_fem._matrix import ComponentMatrix, FormMatrix

    rho, V, shared, fixed, whole = problem
    parts, form = ComponentMatrix(V, shared, fixed), FormMatrix(whole)
    for factor in (1.0, 2.5):
        rho.x.array[:] *= factor
        parts.assemble()
        form.assemble()
        size = np.abs(dense(form.A)).max()
        # sums of some ten terms
        assert difference(parts.A, form.A) < 50 * EPS * size
    assert np.abs(dense(form.A) - dense(form.A).T).max() > 1e-3 * size


def test_matrix_for_the_solver_lacks_far_entries_and_keeps_constants(problem):
    from reference_fem._matrix import ComponentMatrix

    _, V, shared, fixed, _ = problem
    matrix = ComponentMatrix(V, shared, fixed, skips_facets=True)
    matrix.assemble()
    matrix.refresh()
    A, P = dense(matrix.A), dense(matrix.P)
    size = np.abs(A).max()
    assert np.abs((A - P).sum(axis=1)).max() < 100 * EPS * size
    assert np.abs(A - P).max() > 1e-3 * size
    assert (np.abs(P) > 0).sum() < 0.8 * (np.abs(A) > 1e-14 * size).sum()
    cells = V.dofmap.list
    near = np.zeros((V.dofmap.index_map.size_local,) * 2, dtype=bool)
    for cell in cells:
        near[np.ix_(cell, cell)] = True
    far = ~np.kron(near, np.ones((2, 2), dtype=bool))
    assert np.abs(P[far]).max() == 0.0
    assert np.abs(A[far]).max() > 1e-4 * size


@pytest.mark.parametrize("skips_facets", [False, True])
def test_given_values_are_taken_into_account(problem, skips_facets):
    from reference_fem._dolfinx import fem, fem_petsc, ufl
    from reference_fem._matrix import ComponentMatrix, FormMatrix

    _, V, shared, fixed, whole = problem
    given = fem.Function(V)
    given.interpolate(lambda x: np.stack([1 + x[0], x[1] - 2]))
    nodes = fem.locate_dofs_geometrical(V, lambda x: x[0] < 0.1)
    component, _ = V.sub(1).collapse()
    single = fem.locate_dofs_geometrical((V.sub(1), component), lambda x: x[1] > 0.9)
    bcs = [fem.dirichletbc(given, nodes)]
    bcs.append(fem.dirichletbc(0.0, np.sort(single[0]), V.sub(1)))
    L = fem.form(ufl.inner(given, ufl.TestFunction(V)) * ufl.dx)
    made = []
    for matrix in (
        ComponentMatrix(V, shared, fixed, bcs, skips_facets),
        FormMatrix(whole, bcs),
    ):
        for _ in range(2):
            matrix.assemble()
            b = fem_petsc.create_vector(V)
            fem_petsc.assemble_vector(b, L)
            matrix.complete(b)
            matrix.refresh()
        made.append((dense(matrix.A), b.array.copy(), dense(matrix.P)))
    (A, b, P), (A_form, b_form, _) = made
    size = np.abs(A_form).max()
    assert np.abs(A - A_form).max() < 50 * EPS * size
    assert np.abs(b - b_form).max() < 100 * EPS * size
    fixed_rows = np.flatnonzero(np.abs(A - np.eye(len(A))).sum(axis=1) == 0)
    assert len(fixed_rows) > 2 * len(nodes)
    assert np.array_equal(P[fixed_rows], np.eye(len(P))[fixed_rows])
    assert np.array_equal(P[:, fixed_rows], np.eye(len(P))[:, fixed_rows])
