"""Charts: the region fills them, directions are right, marks are where they are."""

import numpy as np
import pytest
from drawn import texts

from ncl_deepxde.radar.products import Marks
from ncl_deepxde.radar.products.figures.chart import draw_legend, new_charts, rounded


@pytest.mark.parametrize(("number", "rows"), [(1, 1), (3, 1), (4, 2)])
def test_there_are_as_many_maps_as_asked_for(number, rows, region):
    figure, charts = new_charts(region, number, Marks())
    assert figure.axes == charts
    assert len(charts) == number
    assert charts[0].get_subplotspec().get_gridspec().nrows == rows
    labeled = [axes for axes in charts if axes.get_xlabel()]
    assert labeled == charts[-3:]


def test_directions_are_right_in_the_middle_of_the_map(region):
    _, (axes,) = new_charts(region, 1, Marks())
    middle = np.mean(axes.get_ylim())
    assert axes.get_aspect() == pytest.approx(1 / np.cos(np.radians(middle)))
    grid = region.grid(32)
    assert axes.get_xlim() == (grid.lon.min(), grid.lon.max())


def test_radars_are_marked_where_they_are(region, marks):
    _, (axes,) = new_charts(region, 1, marks)
    for label, place in (("radar", (4.0, 49.0)), ("radar held out", (8.0, 51.5))):
        (line,) = [line for line in axes.get_lines() if line.get_label() == label]
        np.testing.assert_allclose(line.get_xydata(), [place])


def test_counting_line_goes_through_its_vertices(region, marks):
    _, (axes,) = new_charts(region, 1, marks)
    (line,) = [x for x in axes.get_lines() if x.get_label() == "counting line"]
    ends = line.get_xydata()[[0, -1]]
    np.testing.assert_allclose(ends, [(4.0, 50.0), (8.0, 50.0)], atol=1e-6)


def test_legend_names_the_marks(region, marks):
    figure, (axes,) = new_charts(region, 1, marks)
    draw_legend(figure, axes, "a line of text")
    assert {"radar", "radar held out", "counting line", "a line of text"} <= texts(
        figure
    )
    bare, (axes,) = new_charts(region, 1, Marks())
    draw_legend(bare, axes)
    assert bare.legends == []


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (12_345, "12,300"),
        (0.012345, "0.0123"),
        (1.0, "1"),
        (0, "0"),
        (999_999, "1,000,000"),
    ],
)
def test_numbers_are_rounded_to_three_digits(number, text):
    assert rounded(number) == text
