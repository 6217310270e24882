"""Measures of flows in the ball, on flows known in closed form."""

import numpy as np
import pytest

from ncl_deepxde.problems.euler.ball.measures import transport_error, wall_leakage


def blob(points, time):
    """A density that turns about the z axis by an angle of one per unit of time."""
    x, y, _ = points.T
    turned = x * np.cos(time) + y * np.sin(time)
    u = np.stack([-y, x, 0 * x], axis=1)
    return {"rho": (2 + turned)[:, None], "u": u, "p": 0 * u[:, :1]}


def test_wall_leakage_is_the_flow_through_the_wall():
    def through(points, time):
        fields = blob(points, time)
        return {**fields, "u": fields["u"] + time * points}

    assert wall_leakage(blob, [0.0, 0.5]) < 1e-15
    # rho u.n = rho t, and the density is 3 where it is largest.
    found = wall_leakage(through, [0.0, 0.5])
    assert found == pytest.approx(1.5, rel=1e-3)


def test_transport_error_is_one_without_motion_and_two_backwards():
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (500, 3))

    def still(x, time):
        return blob(x, 0.0)

    def opposite(x, time):
        start, end = (blob(x, t)["rho"] for t in (0.0, time))
        return {"rho": 2 * start - end}

    assert transport_error(blob, blob, points, 0.5) == 0
    assert transport_error(still, blob, points, 0.5) == pytest.approx(1)
    assert transport_error(opposite, blob, points, 0.5) == pytest.approx(2)
