"""Flows in the ball as figures see them."""

import numpy as np

from ncl_deepxde.problems.euler.ball.results import in_plane


def flow(points, time):
    """A flow whose fields differ at all points and times."""
    x, y, z = points.T
    u = np.stack([y - z, x + time, x * y], axis=1)
    return {"rho": (2 + x + 3 * z)[:, None], "u": u, "p": (x - time)[:, None]}


def test_plane_is_the_middle_of_the_ball_and_empty_outside():
    points = np.array([[0.3, -0.4], [0.8, 0.8], [0.0, 1.0]])
    found = in_plane(flow)(points, 0.2)
    assert {k: v.shape for k, v in found.items()} == {
        "rho": (3, 1),
        "u": (3, 3),
        "p": (3, 1),
    }
    expected = flow(np.array([[0.3, -0.4, 0.0]]), 0.2)
    np.testing.assert_array_equal(found["u"][:1], expected["u"])
    assert np.isnan(found["rho"][:, 0]).tolist() == [False, True, False]
