"""Costs and maps that are known: between Gaussians, and on a line."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.special
import scipy.stats

from ncl_deepxde.problems.optimal_transport.densities import (
    bures,
    pair,
    quantile_cost,
    quantile_map,
)


def random_covariance(dim, seed):
    A = np.random.default_rng(seed).normal(size=(dim, dim))
    return A @ A.T


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_gaussian_cost_is_that_of_the_affine_map(dim):
    C_0, C_1 = random_covariance(dim, 0), random_covariance(dim, 1)
    m_0, m_1 = np.zeros(dim), np.arange(1.0, dim + 1)
    root = scipy.linalg.sqrtm(C_0)
    A = np.linalg.inv(root) @ scipy.linalg.sqrtm(root @ C_1 @ root)
    A = A @ np.linalg.inv(root)
    assert np.allclose(A @ C_0 @ A, C_1)
    shift = A - np.eye(dim)
    expected = m_1 @ m_1 + np.trace(shift @ C_0 @ shift)
    found = bures(m_0, C_0, m_1, C_1)
    assert found == pytest.approx(expected, rel=1e-12)
    assert bures(m_1, C_1, m_0, C_0) == pytest.approx(found, rel=1e-12)
    assert bures(m_0, C_0, m_0, C_0) == pytest.approx(0, abs=1e-12 * np.trace(C_0))


def test_cost_on_a_line_is_that_of_gaussians():
    # |3|^2 + (1 - 0.4)^2.
    assert quantile_cost(*pair("gaussian1d-narrow1d")) == pytest.approx(9.36, rel=1e-12)


def test_cost_on_a_line_is_the_integral_over_quantiles():
    rho_0, rho_1 = pair("gaussian1d-modes1d")
    y = np.linspace(-4, 4, 100_001)
    z = (y[:, None] - rho_1.centers[:, 0]) / rho_1.std
    s = (np.arange(20_000) + 0.5) / 20_000
    quantiles = np.interp(s, scipy.stats.norm.cdf(z).mean(axis=1), y)
    # The midpoint rule loses some of the tails, 1/20 000 of the mass.
    expected = np.square(scipy.stats.norm.ppf(s) - quantiles).mean()
    assert quantile_cost(rho_0, rho_1) == pytest.approx(expected, rel=2e-4)
    assert quantile_cost(rho_1, rho_0) == pytest.approx(
        quantile_cost(rho_0, rho_1), rel=1e-7
    )


def test_map_on_a_line_carries_the_mass():
    rho_0, rho_1 = pair("modes1d-gaussian1d")
    x = np.linspace(-3, 4, 50)
    y = quantile_map(rho_0, rho_1, x)
    assert y.shape == (50,)
    z = (x[:, None] - rho_0.centers[:, 0]) / rho_0.std
    mass = scipy.stats.norm.logcdf(y), np.log(scipy.stats.norm.cdf(z).mean(axis=1))
    assert np.allclose(*mass, atol=1e-12)
    assert np.allclose(quantile_map(rho_1, rho_0, y), x, atol=1e-9)


def test_map_on_a_line_is_precise_in_both_tails():
    rho_0, rho_1 = pair("gaussian1d-narrow1d")
    x = np.array([-8.0, 8.0])
    assert np.allclose(quantile_map(rho_0, rho_1, x), 3 + 0.4 * x, atol=1e-9)


def test_densities_of_the_plane_are_refused():
    with pytest.raises(ValueError, match="must be densities on a line"):
        quantile_cost(*pair("circles-pinwheel"))
