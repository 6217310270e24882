"""Conditions at the nodes of the velocity: fixed values, walls, corners."""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def conditions(domain, degree=2):
    from reference_fem._dolfinx import fem
    from reference_fem._velocity_conditions import VelocityConditions

    dim = domain.msh.geometry.dim
    space = fem.functionspace(domain.msh, ("Lagrange", degree, (dim,)))
    return VelocityConditions(fem.Function(space), domain)


@pytest.fixture
def wall():
    return conditions(meshes.ball(2))


def test_projection_removes_the_normal_component_and_nothing_else(wall):
    before = np.random.default_rng(0).normal(size=3 * wall.owned)
    after = before.copy()
    wall.projection(after)
    x = wall.w.function_space.tabulate_dof_coordinates()
    on_wall = np.abs(np.linalg.norm(x, axis=1) - 1) < 1e-9
    assert on_wall.sum() == 10 * 4**2 + 2
    change = (after - before).reshape(-1, 3)
    assert np.abs((after.reshape(-1, 3) * x).sum(axis=1)[on_wall]).max() < 1e-14
    # what is removed points along x
    assert np.abs(np.cross(change, x)).max() < 1e-14
    assert np.array_equal(change[~on_wall], np.zeros_like(x[~on_wall]))
    again = after.copy()
    wall.projection(again)
    # normals have the length 1 up to a few roundings
    assert np.abs(again - after).max() < 1e-14


def test_leakage_of_known_flows(wall):
    wall.w.interpolate(lambda x: x)
    # curved cells miss the sphere by some 1e-2
    assert wall.leakage() == pytest.approx(1, abs=0.02)
    wall.w.interpolate(lambda x: np.stack([-x[1], x[0], 0 * x[0]]))
    assert wall.leakage() < 1e-14
    wall.w.interpolate(lambda x: np.stack([1 + 0 * x[0], 0 * x[0], 0 * x[0]]))
    wall.apply(wall.w)
    # between its nodes the interpolated velocity crosses the wall a little
    assert 1e-4 < wall.leakage() < 0.1


def test_normals_of_a_corner_and_of_a_smooth_wall():
    from reference_fem._velocity_conditions import confined_directions

    def unit(*degrees):
        angles = np.deg2rad(degrees)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)

    # one wall, whatever the signs of the normals: their mean is left out
    smooth = confined_directions(unit(10, 30) * [[1], [-1]])
    (mean,) = unit(20)
    # on a circle: chords of 2 and 6 degrees meet at 0
    chords = unit(1, -3) / np.sin(np.deg2rad([[1], [3]]))
    assert np.abs(confined_directions(chords) - np.diag([1.0, 0.0])).max() < 1e-14
    assert np.abs(smooth - np.outer(mean, mean)).max() < 1e-14
    assert np.abs(confined_directions(unit(0, 90)) - np.eye(2)).max() < 1e-14
    # the edge of a box, with more facets on one side than on the other
    edge = confined_directions(np.eye(3)[[0, 0, 0, 0, 0, 0, 0, 1]])
    assert np.abs(edge - np.diag([1.0, 1.0, 0.0])).max() < 1e-14


def test_slip_in_a_square_fixes_components_and_corners():
    from reference_fem._any_domain import create_domain
    from reference_fem.boundary import FreeSlip

    msh = meshes.create(*meshes.scattered(4))
    found = conditions(create_domain(msh, [(lambda x: x[0] < 9, FreeSlip())], 2))
    assert found.projection is None
    found.w.interpolate(lambda x: np.stack([1 + 0 * x[0], 2 + 0 * x[0]]))
    found.apply(found.w)
    x = found.V.tabulate_dof_coordinates()[:, :2]
    w = found.w.x.array.reshape(-1, 2)
    sides = (np.abs(x - 0.5) > 0.5 - 1e-9).T
    for axis, value in enumerate((1, 2)):
        assert np.array_equal(w[:, axis], np.where(sides[axis], 0.0, value))
    assert found.leakage() == 0.0


def test_slip_along_a_slanted_wall_projects():
    from reference_fem._any_domain import create_domain
    from reference_fem.boundary import FreeSlip, NoSlip

    x, cells = meshes.scattered(4)
    c, s = np.cos(0.3), np.sin(0.3)
    turn = np.array([[c, -s], [s, c]])
    msh = meshes.create(x @ turn.T, cells)

    def left(x):
        return np.abs(turn[:, 0] @ x) < 1e-9

    pairs = [(left, FreeSlip()), (lambda x: x[0] < 9, NoSlip())]
    found = conditions(create_domain(msh, pairs, 2))
    found.set_time(0.0)
    found.w.interpolate(lambda x: np.stack([1 + 0 * x[0], 0 * x[0]]))
    found.apply(found.w)
    y = found.V.tabulate_dof_coordinates()[:, :2] @ turn
    w = found.w.x.array.reshape(-1, 2) @ turn
    ends = np.abs(y[:, 1] - 0.5) > 0.5 - 1e-9
    slides = (y[:, 0] < 1e-9) & ~ends
    # of (1, 0), what runs along the wall is left: its product with (-s, c)
    assert slides.sum() == 7
    assert np.abs(w[slides] - [0, -s]).max() < 1e-14
    assert np.array_equal(w[ends], np.zeros((18, 2)))
    assert found.leakage() < 1e-14


def test_first_pair_rules_where_parts_meet():
    from reference_fem._any_domain import create_domain
    from reference_fem.boundary import Moving, NoSlip

    msh = meshes.create(*meshes.scattered(3))
    lid = Moving(lambda x, t: np.stack([1 + t + 0 * x[0], 0 * x[0]]))
    pairs = [(lambda x: x[1] > 1 - 1e-9, lid), (lambda x: x[0] < 9, NoSlip())]
    rest = (lambda x: (x[1] < 1e-9) | (np.abs(x[0] - 0.5) > 0.5 - 1e-9), NoSlip())
    for boundary, corner in ((pairs, 3.0), ([rest, *pairs], 0.0)):
        found = conditions(create_domain(msh, boundary, 2))
        found.set_time(2.0)
        found.apply(found.w)
        x = found.V.tabulate_dof_coordinates()[:, :2]
        w = found.w.x.array.reshape(-1, 2)
        top = x[:, 1] > 1 - 1e-9
        inner = top & (np.abs(x[:, 0] - 0.5) < 0.49)
        assert np.array_equal(w[inner], np.tile([3.0, 0.0], (5, 1)))
        assert np.array_equal(w[top & ~inner], np.tile([corner, 0.0], (2, 1)))
        assert np.array_equal(w[~top], np.zeros_like(w[~top]))


@pytest.mark.parametrize(
    "velocity", [lambda x: x[0], lambda x: np.nan * x, lambda x: x.T]
)
def test_bad_velocities_are_refused(velocity):
    from reference_fem._any_domain import create_domain
    from reference_fem.boundary import Moving

    msh = meshes.create(*meshes.scattered(3))
    found = conditions(create_domain(msh, [(lambda x: x[0] < 9, Moving(velocity))], 2))
    with pytest.raises(ValueError, match=r"finite velocities of the same shape"):
        found.set_time(0.0)
