"""Convergence of optimal transport: means over seeds and over neighbors in time."""

import numpy as np
import pytest

from ncl_deepxde.problems.optimal_transport.colors import COLORS
from ncl_deepxde.problems.optimal_transport.convergence import draw_convergence


def flow(energies):
    terms = [{"energy": e, "start": 2 * e, "end": 3 * e} for e in energies]
    return [{"seconds": float(k), "terms": t} for k, t in enumerate(terms)]


def line_of(axes, label):
    (line,) = [line for line in axes.get_lines() if line.get_label() == label]
    return line


def test_means_over_seeds_are_drawn_beside_the_cost(tmp_path, saved):
    # The second seed logs longer; what only one of them has is left out.
    seeds = [flow([1.0, 2.0, 4.0]), flow([3.0, 4.0, 6.0, 50.0])]
    icnn = [[{"seconds": float(k), "terms": {"cost": 0.5}} for k in range(3)]]
    path = tmp_path / "convergence.png"
    draw_convergence(path, {"a-b": {"lflow": seeds, "icnn": icnn}}, {"a-b": 1.5})
    assert path.exists()
    left, right = saved[0].axes
    estimate, terminal = line_of(left, "lflow"), line_of(right, "lflow")
    seconds, mean = estimate.get_data()
    assert (seconds[0], seconds[-1]) == (0.0, 2.0)
    np.testing.assert_allclose(mean, np.interp(seconds, range(3), [2.0, 3.0, 5.0]))
    np.testing.assert_allclose(terminal.get_ydata(), 5 * mean)
    assert estimate.get_color() == COLORS["lflow"]
    assert set(line_of(left, "icnn").get_ydata()) == {0.5}
    # A map has no ends to miss.
    assert [line.get_label() for line in right.get_lines()] == ["lflow"]
    assert set(line_of(left, "reference").get_ydata()) == {1.5}


def test_a_tenth_of_the_records_makes_a_point(tmp_path, saved):
    path = tmp_path / "convergence.png"
    records = flow([float(k % 2) for k in range(20)])
    draw_convergence(path, {"a-b": {"lflow": [records]}}, {"a-b": 1.0})
    seconds, mean = line_of(saved[0].axes[0], "lflow").get_data()
    assert (seconds[0], seconds[-1]) == pytest.approx((0.5, 18.5))
    np.testing.assert_allclose(mean, 0.5)
