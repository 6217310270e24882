"""Integrals over altitude: closed forms, exactness, order of the columns."""

import numpy as np
import pytest

from ncl_deepxde.radar.products import integrate_column

EPS = np.finfo(float).eps


@pytest.mark.parametrize("n", [1, 7])
def test_column_of_a_gaussian_is_the_closed_form(n, cloud):
    places = np.random.default_rng(0).uniform(-200, 200, (n, 2))
    column = integrate_column(cloud, places, 4.0, (0.0, 5.0), nodes=40)
    assert (column.density.shape, column.flux.shape) == ((n, 1), (n, 2))
    for (x, y), density in zip(places, column.density[:, 0], strict=True):
        # a cell so small that the density of its column is the birds in it per area
        h = 1e-2
        cell = ((x - h, x + h), (y - h, y + h), (0, 5))
        assert density == pytest.approx(cloud.birds(cell, 4.0) / (4 * h**2), rel=1e-6)
    np.testing.assert_allclose(
        column.flux, column.density * [40.0, 25.0], rtol=100 * EPS
    )


@pytest.mark.parametrize("degree", [0, 1, 7])
def test_rule_is_exact_for_polynomials_below_twice_its_size(degree):
    def power(points):
        z = points[:, 2:3]
        return {"rho": z**degree, "u": np.ones((len(points), 3))}

    column = integrate_column(power, np.zeros((1, 2)), 0.0, (1.0, 3.0), nodes=4)
    exact = (3 ** (degree + 1) - 1) / (degree + 1)
    assert column.density[0, 0] == pytest.approx(exact, rel=20 * EPS)


def test_time_and_place_reach_the_flow_in_order():
    def flow(points):
        weights = np.array([1.0, 10.0, 0.0, 100.0])
        return {"rho": points @ weights[:, None], "u": np.zeros((len(points), 3))}

    column = integrate_column(flow, np.array([[3.0, 2.0]]), 1.0, (0.0, 1.0))
    assert column.density[0, 0] == pytest.approx(123.0, rel=20 * EPS)
