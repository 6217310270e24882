"""Box plots: every seed a point, boxes only where there are enough."""

import math

import matplotlib as mpl
import pytest

from ncl_deepxde.plotting import Spread, box_plots
from ncl_deepxde.plotting.boxes import draw_boxes
from ncl_deepxde.plotting.style import PALETTE

R2 = {"lflow": [0.9, 0.92], "pinn": [0.5, 0.6, 0.4, 0.55, 0.45, 0.5]}


def points(axes):
    """Values drawn as points, per model in order."""
    dots = [line for line in axes.get_lines() if line.get_marker() == "o"]
    return [list(line.get_ydata()) for line in dots]


def test_every_seed_is_a_point_over_its_model():
    (axes,) = draw_boxes([Spread("Density", "$R^2$", R2)]).axes
    assert points(axes) == list(R2.values())
    assert [t.get_text() for t in axes.get_xticklabels()] == list(R2)
    for place, line in enumerate(axes.get_lines()[:1]):
        assert abs(line.get_xdata() - place).max() < 0.5
    assert (axes.get_title(), axes.get_ylabel()) == ("Density", "$R^2$")


def test_few_values_make_no_box():
    colors = {"pinn": PALETTE["blue"]}
    (axes,) = draw_boxes([Spread("Density", "$R^2$", R2)], colors).axes
    boxes = axes.findobj(mpl.patches.PathPatch)
    assert len(boxes) == 1
    assert mpl.colors.to_hex(boxes[0].get_edgecolor()[:3]).upper() == PALETTE["blue"]


def test_values_without_a_place_are_left_out():
    spread = Spread("C", "SMAPE", {"a": [0.0, math.nan, 1e-3], "b": [math.inf]}, True)
    (axes,) = draw_boxes([spread]).axes
    assert points(axes) == [[1e-3], []]
    assert axes.get_yscale() == "log"
    assert Spread("R", "R2", {"a": [-3.0, math.nan]}).drawable() == {"a": [-3.0]}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_odd_panels_leave_no_empty_axes(number, tmp_path):
    spreads = [Spread(f"panel {i}", "value", R2) for i in range(number)]
    assert len(draw_boxes(spreads).axes) == number
    box_plots(tmp_path / "boxes.png", spreads)
    assert (tmp_path / "boxes.png").stat().st_size > 1000
