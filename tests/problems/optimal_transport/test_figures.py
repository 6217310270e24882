"""Figures of optimal transport: what they show is what they are given."""

import numpy as np
import pytest

from ncl_deepxde.plotting import View
from ncl_deepxde.problems.optimal_transport.colors import COLORS
from ncl_deepxde.problems.optimal_transport.figures import (
    EXACT,
    draw_lines,
    draw_maps,
    draw_particles,
    draw_vectors,
)


def moving(points, time):
    """A half plane of mass on the left, at a speed of 3 along the first axis."""
    u = np.zeros_like(points)
    u[:, 0] = 3.0
    return {"rho": (points[:, :1] < 0) * (1.0 + time), "u": u}


def test_particles_keep_the_color_of_their_start(tmp_path, saved):
    path = tmp_path / "particles.png"
    start = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -0.5]])
    draw_particles(
        path, {"lflow": np.stack([start, 2 * start])}, (0, 1), View(-2, 2), "Particles"
    )
    assert path.exists()
    for factor, axes in zip((1, 2), saved[0].axes, strict=True):
        (dots,) = axes.collections
        np.testing.assert_array_equal(dots.get_offsets(), factor * start)
        angles = np.arctan2(start[:, 1], start[:, 0])
        np.testing.assert_array_equal(dots.get_array(), angles)
    assert [axes.get_title() for axes in saved[0].axes] == ["$t = 0$", "$t = 1$"]


def test_arrows_stand_where_there_is_mass(tmp_path, saved):
    path = tmp_path / "velocity.png"
    draw_vectors(path, {"lflow": moving}, (0.0,), View(-2, 2), "Velocity")
    assert path.exists()
    (axes,) = saved[0].axes
    (arrows,) = axes.collections
    assert len(arrows.X) == 20 * 20 / 2
    assert arrows.X.max() < 0
    assert set(arrows.U) == {3.0}
    # Two of twenty spaces of a side of 4.
    assert arrows.scale == pytest.approx(3 / 0.4)
    assert "of length 0.4 is a speed of 3" in saved[0].get_suptitle()


def test_lines_are_the_densities(tmp_path, saved):
    path = tmp_path / "density.png"
    draw_lines(path, {EXACT: moving, "lflow": moving}, (0.0, 0.5), (-1, 1), "Density")
    assert path.exists()
    for time, axes in zip((0.0, 0.5), saved[0].axes, strict=True):
        exact, model = axes.get_lines()
        x, rho = model.get_data()
        np.testing.assert_array_equal(np.ravel(rho), (x < 0) * (1 + time))
        assert (x[0], x[-1]) == (-1, 1)
        assert (exact.get_color(), model.get_color()) == ("black", COLORS["lflow"])


def test_maps_are_compared_with_the_exact_one(tmp_path, saved):
    path, x = tmp_path / "map.png", np.linspace(-1, 1, 5)
    draw_maps(path, x, {EXACT: 2 * x, "icnn": 2 * x + 0.5}, "Map")
    assert path.exists()
    left, right = saved[0].axes
    assert [line.get_label() for line in left.get_lines()] == [EXACT, "icnn"]
    np.testing.assert_array_equal(left.get_lines()[1].get_ydata(), 2 * x + 0.5)
    (difference,) = right.get_lines()
    np.testing.assert_allclose(difference.get_ydata(), 0.5)
