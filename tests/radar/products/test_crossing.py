"""Birds that cross a line: closed forms, balance of a polygon, refusals."""

import numpy as np
import pytest

from ncl_deepxde.radar.products import Crossing, birds_crossing, crossing_rates

EVERYWHERE = ((-1e4, 1e4), (-1e4, 1e4), (0, 5))
DUSK, DAWN = "2018-04-05T18:00", "2018-04-06T06:00"


@pytest.mark.parametrize("path", ["geodesic", "straight"])
def test_whole_cloud_crosses_once(path, cloud, region, sphere):
    # The cloud goes from (-200, -125) to (280, 175); the line has a corner between.
    line = sphere((290, -290), (60, 10), (-250, 290))
    crossing = birds_crossing(cloud, region, line, DUSK, DAWN, path=path)
    exact = cloud.birds(EVERYWHERE, 0.0)
    # The ends of the night and of the line cut off less than 3.5 standard deviations.
    assert crossing.net == pytest.approx(exact, rel=1e-3)
    assert crossing.to_the_right == pytest.approx(exact, rel=1e-3)
    assert abs(crossing.to_the_left) <= crossing.traffic_error


def test_other_way_along_the_line_flips_the_sign(cloud, region, sphere):
    line = sphere((200, -250), (-100, 250))
    there = birds_crossing(cloud, region, line, DUSK, DAWN)
    back = birds_crossing(cloud, region, line[::-1], DUSK, DAWN)
    assert back.net == pytest.approx(-there.net, rel=1e-3)
    assert back.to_the_left == pytest.approx(there.to_the_right, rel=1e-3)
    assert there.net > 0


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-6])
def test_birds_that_leave_a_polygon_are_missing_inside(
    tolerance, cloud, region, sphere
):
    x, y = (-150.0, 120.0), (-130.0, 100.0)
    corners = [(x[i], y[j]) for i, j in [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]]
    crossing = birds_crossing(
        cloud,
        region,
        sphere(*corners),
        2.0,
        7.0,
        path="straight",
        tolerance=tolerance,
        max_splits=200,
    )
    box = (x, y, (0, 5))
    missing = cloud.birds(box, 2.0) - cloud.birds(box, 7.0)
    error = abs(crossing.net - missing)
    assert error <= tolerance * crossing.traffic
    assert error <= crossing.net_error <= tolerance * crossing.traffic


def test_both_directions_are_counted(region, sphere):
    def tide(points):
        t = points[:, 3]
        u = np.zeros((len(points), 3))
        u[:, 1] = 30 * np.sin(2 * np.pi * t / 12) + 10
        return {"rho": np.full((len(points), 1), 2.0), "u": u}

    line = sphere((-100, 20), (100, 20))  # to the east: the right is the south
    crossing = birds_crossing(tide, region, line, 0, 12, path="straight")
    area = 200 * 5 * 2.0
    assert crossing.net == pytest.approx(-10 * 12 * area, rel=1e-3)
    t = (np.arange(100_000) + 0.5) * 12 / 100_000
    south = area * 12 * np.maximum(-(30 * np.sin(2 * np.pi * t / 12) + 10), 0).mean()
    assert abs(crossing.to_the_right - south) <= crossing.traffic_error
    assert crossing.traffic_error <= 1e-3 * crossing.traffic


def test_rates_add_up_to_the_night(cloud, region, sphere):
    line = sphere((200, -250), (-100, 250))
    hours = np.linspace(0, 12, 241)
    rates = crossing_rates(cloud, region, line, hours, nodes=32)
    assert rates.shape == (241, 2)
    crossing = birds_crossing(cloud, region, line, 0, 12, tolerance=1e-5)
    total = np.trapezoid(rates, hours, axis=0)
    assert total[0] == pytest.approx(crossing.to_the_right, rel=1e-4)
    assert total[1] == 0


def test_no_birds_no_error(region, sphere):
    def empty(points):
        return {"rho": np.zeros((len(points), 1)), "u": np.ones((len(points), 3))}

    crossing = birds_crossing(empty, region, sphere((0, 0), (9, 9)), 0, 1)
    assert (crossing.net, crossing.traffic, crossing.net_error) == (0, 0, 0)


def test_str_names_numbers_and_errors(cloud, region, sphere):
    line = sphere((200, -250), (-100, 250))
    text = str(birds_crossing(cloud, region, line, DUSK, DAWN))
    assert "birds net (+- " in text
    assert str(Crossing(5.0, 5.0, 0.02, 1234.5)) == (
        "5 birds net (+- 0.02), 5 to the right and 0 to the left (+- 1,234)"
    )
    assert "to the right" in text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ([(6.0, 50.0), (30.0, 50.0)], "line: leg 1 at .* is outside the region"),
        ([(50.0, 6.0), (51.0, 7.0)], r"line: .*\(longitude, latitude"),
    ],
)
def test_line_outside_the_region_is_refused(line, message, cloud, region):
    with pytest.raises(ValueError, match=message):
        birds_crossing(cloud, region, line, 0, 1)


def test_other_bad_arguments_are_refused(cloud, region, sphere):
    line = sphere((0, 0), (9, 9))
    with pytest.raises(ValueError, match=r"end: must be after begin.*Swap"):
        birds_crossing(cloud, region, line, DAWN, DUSK)
    with pytest.raises(ValueError, match="tolerance: must be between 0 and 1"):
        birds_crossing(cloud, region, line, 0, 1, tolerance=0)
