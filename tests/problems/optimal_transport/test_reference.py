"""The reference of optimal transport: exact on a line, straight in the plane."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ncl_deepxde.problems.optimal_transport.densities import pair, quantile_cost
from ncl_deepxde.problems.optimal_transport.discrete import CostTrend
from ncl_deepxde.problems.optimal_transport.reference import (
    TransportReference,
    compute,
    describe,
    load,
)
from ncl_deepxde.problems.optimal_transport.settings import ReferenceSamples

LINE = "gaussian1d-modes1d"
PLANE = "8gaussians-circles"


def test_reference_on_a_line_is_exact(tmp_path):
    samples = ReferenceSamples(n=(50, 100), repeats=3)
    compute({LINE: pair(LINE)}, samples, tmp_path / "reference.npz")
    reference = load(tmp_path / "reference.npz")[LINE]
    assert reference.best == quantile_cost(*pair(LINE))
    assert len(reference.costs.values) == 3
    x = np.linspace(-6, 6, 2001)[:, None]
    step = x[1, 0] - x[0, 0]
    for time in (0.0, 0.4, 1.0):
        rho = reference(x, time)["rho"]
        assert rho.shape == (2001, 1)
        # Linear interpolation between nodes that a steep map pulls apart.
        assert rho.sum() * step == pytest.approx(1, abs=2e-3)
    # Continuous in time up to the ends, which are known in another way.
    for end, near in ((0.0, 1e-6), (1.0, 1 - 1e-6)):
        gap = reference(x, end)["rho"] - reference(x, near)["rho"]
        assert abs(gap).max() < 1e-2
    described = describe(tmp_path / "reference.npz")
    assert described["n"] == [50, 100]
    assert described["w2_squared_exact"] == {LINE: reference.best}
    assert described["w2_squared_limit_error"][LINE] > 0


def test_reference_in_the_plane_moves_particles_straight():
    estimates = np.full((1, 1), 0.1)
    trend = CostTrend([10], *(estimates,) * 3, "exact", limit=None, limit_error=None)
    reference = TransportReference(pair(PLANE), trend)
    assert reference.best == reference.limit == 0.1
    start, middle, end = reference.paths([0.0, 0.5, 1.0])
    assert start.shape == (2000, 2)
    np.testing.assert_allclose(middle, (start + end) / 2)
    rho_0, rho_1 = reference.pair
    points = np.random.default_rng(0).uniform(-2, 2, (50, 2))
    for time, rho in ((0.0, rho_0), (1.0, rho_1)):
        exact = rho.density(torch.as_tensor(points)).numpy()
        np.testing.assert_array_equal(reference(points, time)["rho"], exact)
    # Kernels keep the mass; the box ends at five of their widths from all particles.
    n, side = 100, 6.0
    axis = side * ((np.arange(n) + 0.5) / n - 0.5)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    mass = reference(grid, 0.5)["rho"].sum() * (side / n) ** 2
    assert math.isclose(mass, 1, abs_tol=1e-3)
