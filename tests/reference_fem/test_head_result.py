"""Heads: evaluation and files."""

import numpy as np
import pytest

from reference_fem import HeadResult, load_head
from reference_fem.simplices import exponents


def one_triangle():
    """Return h = x^2 + y, K = 2 on the triangle (0, 0), (2, 0), (0, 1)."""
    alpha = exponents(2, 2) / 2
    points = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    x, y = (alpha @ points).T
    cells, fine = np.array([[0, 1, 2]]), np.arange(6)[None]
    mesh = {"points": points, "cells": cells, "fine": fine, "coarse": cells}
    return HeadResult(x**2 + y, np.full(6, 2.0), mesh, {"iterations": 3.0})


def test_flux_is_the_slope_of_the_head():
    points = np.array([[0.3, 0.2], [1.0, 0.1], [0.1, 0.7]])
    found = one_triangle().evaluate(points)
    x, y = points.T
    assert np.abs(found["h"][:, 0] - (x**2 + y)).max() < 1e-14
    assert np.abs(found["q"] - np.stack([-4 * x, -2 + 0 * y], axis=1)).max() < 1e-13


def test_points_outside_are_refused():
    with pytest.raises(ValueError, match=r"must lie in the mesh"):
        one_triangle().evaluate([[3.0, 3.0]])
    with pytest.raises(ValueError, match=r"of shape \(N, 2\), got shape \(2,\)"):
        one_triangle().evaluate([0.1, 0.1])


def test_file_round_trip(tmp_path):
    result = one_triangle()
    result.save(tmp_path / "head.npz")
    loaded = load_head(tmp_path / "head.npz")
    points = [[0.3, 0.2]]
    expected, values = result.evaluate(points), loaded.evaluate(points)
    assert all(np.array_equal(values[name], expected[name]) for name in expected)
    assert loaded.numbers == result.numbers
    with pytest.raises(FileNotFoundError, match="no head at"):
        load_head(tmp_path / "missing.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(2))
    with pytest.raises(ValueError, match="not a complete head"):
        load_head(tmp_path / "other.npz")
