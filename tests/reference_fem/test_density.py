"""The weak form of a carried density: its term on edges."""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def test_edge_term_is_the_jump_of_slopes():
    from reference_fem._any_domain import create_domain
    from reference_fem._density import edge_term
    from reference_fem._dolfinx import fem
    from reference_fem.boundary import NoSlip

    # two triangles in the unit square; a field with slope 3 in one and 0 in the other
    x = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    cells = np.array([[0, 1, 2], [0, 2, 3]])
    msh = meshes.create(x, cells)
    domain = create_domain(msh, [(lambda x: x[0] < 9, NoSlip())], 2)
    space = fem.functionspace(msh, ("Lagrange", 1))
    a = fem.Function(space)
    a.interpolate(lambda x: 3 * (x[0] - x[1]) * (x[0] > x[1]))
    w = fem.Function(fem.functionspace(msh, ("Lagrange", 1, (2,))))
    w.interpolate(lambda x: np.stack([2 + 0 * x[0], 0 * x[0]]))
    found = fem.assemble_scalar(fem.form(edge_term(domain, w, 5, a, a)))
    # c h^2 kappa |w.n| jump^2 length: c = 0.01, h^2 = 2,
    # |w.n| = 2 / 2^(1/2), jump = 3 2^(1/2)
    exact = 0.01 * 2 * 5 * 2 / 2**0.5 * 18 * 2**0.5
    assert found == pytest.approx(exact)
    smooth = fem.Function(space)
    smooth.interpolate(lambda x: x[0] + 2 * x[1])
    flat = fem.assemble_scalar(fem.form(edge_term(domain, w, 5, smooth, a)))
    assert abs(flat) < 1e-13 * exact
