"""The lattices of the torus: numbering, and evaluation also by dolfinx."""

import manufactured
import meshes
import numpy as np
import pytest

from reference_fem import lattice


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_evaluation_reproduces_polynomials(degree):
    # inside one square a global polynomial is in the space: exact to rounding
    n, m = 3, 6 * degree
    i, j = np.meshgrid(np.arange(m), np.arange(m), indexing="ij")
    even = (i + j) % 2 == 0
    values = np.zeros((1, m, m // 2))
    values[0, i[even], j[even] // 2] = (i[even] / m) ** degree - (j[even] / m)
    points = np.random.default_rng(0).uniform(0.35, 0.65, (50, 2))
    result = lattice.evaluate(values, n, points)
    assert result.shape == (1, 50)
    exact = points[:, 0] ** degree - points[:, 1]
    assert np.abs(result[0] - exact).max() < 1e-13


@pytest.mark.fem
@pytest.mark.parametrize("degree", [2, 3])
def test_evaluation_equals_dolfinx(degree):
    from reference_fem._dolfinx import fem, ufl
    from reference_fem._setup import FlowSetup
    from reference_fem._splitting import Splitting

    setup = FlowSetup(manufactured.density, manufactured.velocity, degree=degree)
    scheme = Splitting(meshes.torus(5, degree), setup)
    cells = np.arange(scheme.msh.topology.index_map(2).size_local, dtype=np.int32)
    reference_points = np.array([[0.2, 0.3], [0.1, 0.05], [0.45, 0.5]])
    fine, coarse = (s.tabulate_dof_coordinates()[:, :2] for s in (scheme.R, scheme.Q))
    rho, u, p = scheme.at_nodes({0: 1.0})
    rho, u, p = (lattice.fold(v, x) for v, x in ((rho, fine), (u, fine), (p, coarse)))
    fields = np.concatenate([rho[None], u])

    def tabulate(expression):
        tabulated = fem.Expression(expression, reference_points)
        return tabulated.eval(scheme.msh, cells).reshape(len(cells) * 3, -1)

    x = tabulate(ufl.SpatialCoordinate(scheme.msh)) % 1.0
    expected = np.hstack([tabulate(scheme.rho[0]), tabulate(scheme.w[0])])
    scheme.destroy()
    assert np.abs(lattice.evaluate(fields, 5, x).T - expected).max() < 1e-13
    pressure = lattice.evaluate(p[None], 5, x)
    assert pressure.shape == (1, len(x))


def test_triangles_share_the_nodes_of_the_quadratic_mesh():
    points, cells = lattice.quadratic_mesh(3)
    # (2 n + 1)^2 + (2 n)^2 corners and middles on both sides of the seam
    assert points.shape == (13**2 // 2 + 1, 2)
    assert cells.shape == (36, 6)
    x = points[cells]
    assert np.abs(x[:, 3:] - (x[:, :3] + x[:, [1, 2, 0]]) / 2).max() < 1e-15


@pytest.mark.parametrize("m", [6, 12])
def test_fold_puts_every_node_at_its_place(m):
    i, j = (a.ravel() for a in np.meshgrid(np.arange(m), np.arange(m), indexing="ij"))
    even = (i + j) % 2 == 0
    nodes = np.stack([i[even], j[even]], axis=-1)
    # in any order, on any side of the seam
    order = np.random.default_rng(0).permutation(len(nodes))
    images = nodes[order] / m + order[:, None] % 2
    folded = lattice.fold(nodes[order].T.astype(float), images)
    assert folded.shape == (2, m, m // 2)
    row, column = lattice.node_index(nodes - m, m)
    assert np.array_equal(folded[:, row, column], nodes.T)
