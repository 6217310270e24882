"""Units of the networks: there and back, rates."""

import numpy as np
import pytest

from ncl_deepxde.problems.bird_migration.units import Units


def test_units_round_trip(three_nights):
    units = three_nights.units
    inputs = units.points_in(three_nights.points)
    # A few roundings of coordinates of some thousand km.
    np.testing.assert_allclose(
        units.points_out(inputs), three_nights.points, rtol=1e-14
    )
    u = np.random.default_rng(0).standard_normal((7, 3))
    np.testing.assert_allclose(units.velocity_out(units.velocity_in(u)), u, rtol=1e-15)
    np.testing.assert_allclose(inputs[:, 0].min(), -1)
    np.testing.assert_allclose(inputs[:, 0].max(), 1)
    assert inputs[:, 2].max() == 1


def test_velocity_is_the_rate_of_position_in_both_units():
    units = Units.of(np.array([[0.0, 0, 0.1, 0], [900.0, 400, 4.9, 60]]))
    x, u, dt = np.array([[100.0, 50, 1, 5]]), np.array([[40.0, -20, 0.3]]), 0.5
    later = x + dt * np.hstack([u, [[1.0]]])
    a, b = units.points_in(x), units.points_in(later)
    rate = (b - a)[:, :3] / (b - a)[:, 3:]
    np.testing.assert_allclose(rate, units.velocity_in(u), rtol=1e-12)
    assert units.volume == pytest.approx(450 * 450 * 2.45)
