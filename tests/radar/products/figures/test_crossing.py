"""Birds per hour: both directions on one axis, the numbers of the night."""

import numpy as np
from drawn import texts

from ncl_deepxde.radar.products import birds_crossing, crossing_rates
from ncl_deepxde.radar.products.figures.crossing import draw_crossing

LINE = [(4.0, 50.0), (8.0, 50.0)]


def test_crossing_shows_both_directions_and_the_numbers(turning, region):
    hours = np.linspace(0, 12, 7)
    rates = crossing_rates(turning, region, LINE, hours)
    crossing = birds_crossing(turning, region, LINE, 0, 12)
    figure = draw_crossing(region, hours, rates, crossing, "Crossing")
    (axes,) = figure.axes
    figure.draw_without_rendering()
    low, high = axes.get_ylim()
    assert high >= rates[:, 0].max() > 0
    assert low <= -rates[:, 1].max() < 0
    assert "birds per hour" in texts(figure)
    assert any("to the right of the line: " in text for text in texts(figure))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert all(label.replace(",", "").isdigit() for label in labels)
