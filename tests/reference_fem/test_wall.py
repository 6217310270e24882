"""Free slip: the projection onto velocities along the wall."""

import numpy as np
import pytest

pytestmark = pytest.mark.fem


@pytest.fixture
def wall():
    from mpi4py import MPI

    from reference_fem._ball_domain import create_ball
    from reference_fem._dolfinx import fem
    from reference_fem._wall import SlipWall

    space = fem.functionspace(create_ball(MPI.COMM_WORLD, 2), ("Lagrange", 2, (3,)))
    return SlipWall(fem.Function(space))


def test_projection_removes_the_normal_component_and_nothing_else(wall):
    before = np.random.default_rng(0).normal(size=wall.size)
    after = before.copy()
    wall(after)
    x = wall.w.function_space.tabulate_dof_coordinates()
    on_wall = np.abs(np.linalg.norm(x, axis=1) - 1) < 1e-9
    assert on_wall.sum() == 10 * 4**2 + 2
    change = (after - before).reshape(-1, 3)
    assert np.abs((after.reshape(-1, 3) * x).sum(axis=1)[on_wall]).max() < 1e-14
    # what is removed points along x
    assert np.abs(np.cross(change, x)).max() < 1e-14
    assert np.array_equal(change[~on_wall], np.zeros_like(x[~on_wall]))
    again = after.copy()
    wall(again)
    # normals have the length 1 up to a few roundings
    assert np.abs(again - after).max() < 1e-14


def test_leakage_of_known_flows(wall):
    wall.w.interpolate(lambda x: x)
    # curved cells miss the sphere by some 1e-2
    assert wall.leakage() == pytest.approx(1, abs=0.02)
    wall.w.interpolate(lambda x: np.stack([-x[1], x[0], 0 * x[0]]))
    assert wall.leakage() < 1e-14
    wall.w.interpolate(lambda x: np.stack([1 + 0 * x[0], 0 * x[0], 0 * x[0]]))
    wall.start()
    # between its nodes the interpolated velocity crosses the wall a little
    assert 1e-4 < wall.leakage() < 0.1
