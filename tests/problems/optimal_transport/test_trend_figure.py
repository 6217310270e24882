"""The trend of discrete transport: means, deviations and the limit."""

import numpy as np
import pytest

from ncl_deepxde.problems.optimal_transport.densities import pair
from ncl_deepxde.problems.optimal_transport.discrete import CostTrend
from ncl_deepxde.problems.optimal_transport.reference import TransportReference
from ncl_deepxde.problems.optimal_transport.trend_figure import draw_trends

PLANE = "8gaussians-circles"
COSTS = np.array([[0.4, 0.6], [0.2, 0.4]])


@pytest.mark.parametrize("number", [1, 3])
def test_costs_are_drawn_against_the_number_of_samples(tmp_path, saved, number):
    trend = CostTrend([10, 100], COSTS, COSTS / 2, COSTS, "exact", 0.15, 0.01)
    reference = TransportReference(pair(PLANE), trend)
    path = tmp_path / "discrete.png"
    draw_trends(path, {f"case {k}": reference for k in range(number)})
    assert path.exists()
    panels = saved[0].axes
    assert [axes.get_title() for axes in panels] == [f"case {k}" for k in range(number)]
    plain, controlled = panels[0].containers
    np.testing.assert_array_equal(plain.lines[0].get_xdata(), [10, 100])
    np.testing.assert_allclose(plain.lines[0].get_ydata(), [0.5, 0.3])
    np.testing.assert_allclose(controlled.lines[0].get_ydata(), [0.25, 0.15])
    (bars,) = plain.lines[2]
    # Of two values 0.2 apart, the standard deviation is 0.1 sqrt(2) to both sides.
    low, high = bars.get_segments()[0][:, 1]
    assert high - low == pytest.approx(2 * 0.1 * 2**0.5)
    (limit,) = [line for line in panels[0].get_lines() if line.get_label() == "limit"]
    assert set(limit.get_ydata()) == {0.15}
