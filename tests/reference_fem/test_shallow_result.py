"""Shallow water's results: evaluation and files."""

import numpy as np
import pytest

from reference_fem import ShallowWaterResult, load_shallow_water


def linear(sides):
    """Return a result whose depth is 1 + x + 2 y + t, its velocity (x, y)."""
    axis = (np.arange(8) + 0.5) / 8
    x, y = np.meshgrid(axis, axis, indexing="ij")
    times = np.array([0.0, 1.0])
    h = np.stack([1 + x + 2 * y + t for t in times])
    u = np.stack([np.stack([x, y])] * 2)
    return ShallowWaterResult(
        times, np.zeros(2), np.ones(2), h, u, 0 * x, sides, {"mass": np.ones(3)}
    )


def test_linear_fields_are_exact_inside():
    found = linear(("open", "open")).evaluate([[0.3, 0.6], [0.8, 0.2]], 0.25)
    assert np.abs(found["h"] - [[2.75], [2.45]]).max() < 1e-14
    assert np.abs(found["u"] - [[0.3, 0.6], [0.8, 0.2]]).max() < 1e-14


def test_normal_velocity_vanishes_at_walls():
    found = linear(("wall", "open")).evaluate([[0.0, 0.5], [1.0, 0.5]], 0.0)
    assert np.abs(found["u"][:, 0]).max() < 1e-14
    assert np.abs(found["u"][:, 1] - 0.5).max() < 1e-14


def test_periodic_sides_meet():
    result = linear(("periodic", "open"))
    ends = result.evaluate([[0.0, 0.5], [1.0, 0.5]], 0.0)
    assert np.array_equal(ends["h"][0], ends["h"][1])


@pytest.mark.parametrize("points", [[[0.5]], [[0.5, 1.1]], [0.5, 0.5]])
def test_points_outside_are_refused(points):
    with pytest.raises(ValueError, match=r"points must have the shape \(N, 2\)"):
        linear(("open", "open")).evaluate(points, 0.0)


def test_file_round_trip(tmp_path):
    result = linear(("wall", "periodic"))
    result.save(tmp_path / "lake.npz")
    loaded = load_shallow_water(tmp_path / "lake.npz")
    assert np.array_equal(loaded.h, result.h)
    assert np.array_equal(loaded.u, result.u)
    assert loaded.sides == ("wall", "periodic")
    assert np.array_equal(loaded.diagnostics["mass"], np.ones(3))
    with pytest.raises(FileNotFoundError, match="no shallow water at"):
        load_shallow_water(tmp_path / "missing.npz")
    (tmp_path / "text.npz").write_bytes(b"abc")
    np.savez(tmp_path / "other.npz", a=np.zeros(2))
    for name in ("text.npz", "other.npz"):
        with pytest.raises(ValueError, match="not a complete shallow water"):
            load_shallow_water(tmp_path / name)
