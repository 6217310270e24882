"""Figures of the cavity are drawn from any flows."""

import numpy as np

from ncl_deepxde.problems.cavity import figures
from ncl_deepxde.problems.cavity.measures import EXTREMA


def turning(points, time):
    x, y = points.T - 0.5
    return {"u": np.stack([y, -x], axis=1)}


def test_images_show_components_over_the_right_axes():
    u = figures._velocity(turning)
    s = (np.arange(figures.SIDE) + 0.5) / figures.SIDE - 0.5
    assert np.allclose(u[0], s[:, None] + 0 * s)
    assert np.allclose(u[1], -s + 0 * s[:, None])


def test_files_are_written(tmp_path):
    flows = {"pinn": turning, "reference": turning}
    figures.draw_speeds(tmp_path / "speed.png", flows)
    figures.draw_differences(tmp_path / "off.png", {"pinn": turning}, turning)
    figures.draw_lines(tmp_path / "lines.png", flows, EXTREMA)
    assert all(path.stat().st_size > 1e4 for path in tmp_path.iterdir())
