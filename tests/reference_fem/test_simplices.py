"""Shape functions, point location and evaluation, also on curved cells."""

import manufactured_ball as manufactured
import meshes
import numpy as np
import pytest

from reference_fem import ball_mesh
from reference_fem.simplices import (
    Locator,
    degree_of,
    exponents,
    gradients,
    interpolate,
    shape_functions,
    shape_slopes,
)


def mapped(nodes, cells, barycentric):
    return np.einsum("ni,nix->nx", shape_functions(barycentric, 2), nodes[cells])


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("degree", [1, 2, 3])
def test_shape_functions_are_those_of_their_nodes(dim, degree):
    alpha = exponents(dim, degree)
    assert degree_of(dim, len(alpha)) == degree
    assert np.array_equal(alpha[: dim + 1], degree * np.eye(dim + 1))
    assert len(np.unique(alpha, axis=0)) == len(alpha)
    at_nodes = shape_functions(alpha / degree, degree)
    assert np.abs(at_nodes - np.eye(len(alpha))).max() < 1e-14
    point, h = np.random.default_rng(0).random((7, dim + 1)), 1e-6
    slopes = shape_slopes(point, degree)
    assert slopes.shape == (7, len(alpha), dim + 1)
    for a, step in enumerate(h * np.eye(dim + 1)):
        ahead, behind = (shape_functions(point + s, degree) for s in (step, -step))
        # central differences of polynomials of size 10, rounded to 1e-15 / h
        assert np.abs((ahead - behind) / (2 * h) - slopes[:, :, a]).max() < 1e-7


def test_points_are_found_in_a_mesh_that_is_fine_in_a_corner():
    # the centers of 32 small triangles may all be nearer than the own, long one's
    x, cells = meshes.scattered(12)
    x = x**4
    locator = Locator(x, cells)
    points = np.random.default_rng(0).random((2000, 2))
    found, place = locator.locate(points)
    assert place.min() > -1e-9
    assert np.abs(interpolate(x.T, cells[found], place).T - points).max() < 1e-13


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
    coordinates = interpolate(nodes.T, cells[found], barycentric)
    assert np.abs(coordinates.T - x).max() < 1e-13
    corners = nodes[: cells[:, :4].max() + 1]
    inner = np.linalg.norm(x, axis=1) < 0.7 * (1 - 1 / n)
    straight = interpolate(corners.T, cells[found, :4], barycentric).T[inner]
    assert np.abs(straight - x[inner]).max(initial=0) < 1e-13
    values = (nodes[:, 0] * nodes[:, 2])[None]
    product = interpolate(values, cells[found], barycentric)
    assert np.abs(product[0] - x[:, 0] * x[:, 2])[inner].max(initial=0) < 1e-13


@pytest.mark.fem
def test_evaluation_equals_dolfinx():
    from reference_fem._dolfinx import fem, ufl
    from reference_fem._setup import FlowSetup
    from reference_fem._splitting import Splitting
    from reference_fem.result import BallResult

    setup = FlowSetup(manufactured.density, manufactured.velocity)
    scheme = Splitting(meshes.ball(2), setup)
    fine, coarse = (
        ball_mesh.places(space.tabulate_dof_coordinates(), 2)
        for space in (scheme.R, scheme.Q)
    )
    rho, u, p = scheme.at_nodes({0: 1.0})
    fields = rho[fine], u[:, fine], p[coarse]
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


def test_gradients_on_a_curved_cell():
    # x = (a, b + a (1 - a) / 2): a quadratic map; its coordinates have unit gradients
    alpha = exponents(2, 2) / 2
    a, b = alpha[:, 1], alpha[:, 2]
    nodes = np.stack([a, b + a * (1 - a) / 2], axis=1)
    place = np.random.default_rng(0).dirichlet(np.ones(3), size=7)
    cells = np.repeat(nodes[None], 7, axis=0)
    dofs = np.repeat(np.arange(6)[None], 7, axis=0)
    found = gradients(nodes.T, dofs, cells, place)
    assert found.shape == (2, 7, 2)
    assert np.abs(found - np.eye(2)[:, None]).max() < 1e-13
