"""Point location and evaluation on the curved cells of the ball."""

import manufactured_ball as manufactured
import numpy as np
import pytest

from reference_fem import ball_mesh
from reference_fem.tetrahedra import Locator, shape_functions


def mapped(nodes, cells, barycentric):
    return np.einsum("ni,nix->nx", shape_functions(barycentric), nodes[cells])


@pytest.mark.parametrize("n", [1, 2, 5])
def test_points_are_found_in_the_ball_and_on_its_wall(n):
    nodes, cells = ball_mesh.create(n)
    locator = Locator(nodes, cells)
    x = manufactured.points(3000).T
    x[:1000] /= np.linalg.norm(x[:1000], axis=1, keepdims=True)
    found, barycentric = locator.locate(x)
    assert found.shape == (3000,)
    assert np.abs(mapped(nodes, cells[found], barycentric) - x).max() < 1e-13
    # curved cells fall short of the sphere by h^4 and less, 0.05 h^2 of their height
    assert barycentric.min() > -0.07 / n**2
    # isoparametric fields hold the coordinates, straight cells also their products
    coordinates = locator.interpolate(nodes.T, found, barycentric)
    assert np.abs(coordinates.T - x).max() < 1e-13
    corners = nodes[: cells[:, :4].max() + 1]
    inner = np.linalg.norm(x, axis=1) < 0.7 * (1 - 1 / n)
    straight = locator.interpolate(corners.T, found, barycentric).T[inner]
    assert np.abs(straight - x[inner]).max(initial=0) < 1e-13
    product = locator.interpolate((nodes[:, 0] * nodes[:, 2])[None], found, barycentric)
    assert np.abs(product[0] - x[:, 0] * x[:, 2])[inner].max(initial=0) < 1e-13


@pytest.mark.fem
def test_evaluation_equals_dolfinx():
    from mpi4py import MPI

    from reference_fem._ball_domain import create_domain
    from reference_fem._dolfinx import fem, ufl
    from reference_fem._setup import FlowSetup
    from reference_fem._splitting import Splitting
    from reference_fem.result import BallResult

    setup = FlowSetup(manufactured.density, manufactured.velocity)
    scheme = Splitting(create_domain(MPI.COMM_WORLD, 2), setup)
    fields = scheme.at_nodes({0: 1.0})
    cells = np.arange(scheme.msh.topology.index_map(3).size_local, dtype=np.int32)
    inside = np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.5], [0.2, 0.2, 0.1]])

    def tabulate(expression):
        tabulated = fem.Expression(expression, inside)
        return tabulated.eval(scheme.msh, cells).reshape(len(cells) * 3, -1)

    x = tabulate(ufl.SpatialCoordinate(scheme.msh))
    expected = [tabulate(f) for f in (scheme.rho[0], scheme.w[0], scheme.p[0])]
    scheme.destroy()
    saved = (field[None] for field in fields)
    result = BallResult(np.zeros(1), *saved, diagnostics={}, parameters={"n": 2})
    values = result.evaluate(x, 0.0)
    for name, exact in zip(("rho", "u", "p"), expected, strict=True):
        assert values[name].shape == exact.shape
        assert np.abs(values[name] - exact).max() < 1e-12 * np.abs(exact).max()


def ones():
    from reference_fem.result import BallResult

    return BallResult(
        np.zeros(1),
        np.ones((1, 55)),
        np.ones((1, 3, 55)),
        np.ones((1, 13)),
        diagnostics={},
        parameters={"n": 1},
    )


def test_cells_for_paraview_are_right_handed():
    points, kind, cells = ones().quadratic_mesh()
    assert (kind, cells.shape) == ("tetra10", (20, 10))
    corners = points[cells[:, :4]]
    assert np.linalg.det(corners[:, 1:] - corners[:, :1]).min() > 0
    # VTK's order of the edges; the middles of those on the wall bulge by 0.15
    edges = np.array([(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)])
    off = points[cells[:, 4:]] - corners[:, edges].mean(axis=2)
    assert np.linalg.norm(off, axis=2).max() < 0.2


def test_points_outside_are_refused():
    result = ones()
    assert np.allclose(result.evaluate([[0.0, 0.6, 0.8]], 0.0)["rho"], 1)
    with pytest.raises(ValueError, match="must lie in the unit ball, got a distance"):
        result.evaluate([[0.0, 0.61, 0.8]], 0.0)
    with pytest.raises(ValueError, match=r"shape \(N, 3\), got shape \(1, 2\)"):
        result.evaluate([[0.0, 0.6]], 0.0)
