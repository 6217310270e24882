"""Lines: legs between vertices, their normals, lines that are refused."""

import numpy as np
import pytest
from pyproj import Geod

from ncl_deepxde.radar.products.lines import legs_of_line


def test_legs_follow_the_geodesic_and_their_normals(region):
    start, end = (1.5, 48.0), (10.0, 52.0)
    (leg,) = legs_of_line(region.projection, [start, end])
    s = np.linspace(0, 1, 9)
    inner = Geod(ellps="WGS84").npts(*start, *end, 7)
    lon, lat = np.transpose([start, *inner, end])
    expected = np.stack(region.projection.to_plane(lon, lat), axis=1)
    np.testing.assert_allclose(leg.places(s), expected, atol=1e-6)
    h = 1e-5
    dx, dy = ((leg.places(s + h) - leg.places(s - h)) / (2 * h)).T
    # differences of coordinates of 500 km lose h^2 and round-off / h
    np.testing.assert_allclose(leg.normals(s), np.stack([dy, -dx], axis=1), atol=1e-4)


def test_straight_leg_is_straight_and_geodesic_is_not(region, sphere):
    ends = np.array([(-300.0, 250.0), (300.0, 200.0)])
    s = np.linspace(0, 1, 9)
    straight, geodesic = (
        legs_of_line(region.projection, sphere(*ends), path)[0].places(s)
        for path in ("straight", "geodesic")
    )
    expected = ends[0] + s[:, None] * (ends[1] - ends[0])
    np.testing.assert_allclose(straight, expected, atol=1e-9)
    np.testing.assert_allclose(geodesic[[0, -1]], ends, atol=1e-6)
    # 250 km off the center a chord of 600 km bends by some hundred meters
    assert 0.05 < np.abs(geodesic - straight).max() < 5


def test_line_has_a_leg_between_neighbors(region):
    legs = legs_of_line(region.projection, [(5.0, 50.0), (6.0, 51.0), (7.0, 50.0)])
    first, second = (leg.places(np.array([0.0, 1.0])) for leg in legs)
    np.testing.assert_allclose(first[1], second[0], atol=1e-6)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ([(6.0, 50.0)], "line: must hold at least two vertices"),
        ([], "line: must hold at least two vertices"),
        ([(6.0, 50.0), (7.0,)], "line: must hold at least two vertices"),
        ([(6.0, 50.0, 1.0), (7.0, 50.0, 1.0)], "line: must hold at least two"),
        ([(6.0, 50.0), (6.0, 50.0)], "line: neighboring vertices must differ"),
        ([(6.0, 50.0), (7.0, 95.0)], r"line: .* latitude within -90..90"),
        ([(6.0, 50.0), (7.0, np.nan)], r"line: .* in degrees"),
    ],
)
def test_bad_line_is_refused(line, message, region):
    with pytest.raises(ValueError, match=message):
        legs_of_line(region.projection, line)


def test_unknown_path_is_refused(region):
    with pytest.raises(ValueError, match=r"path: must be one of .*'rhumb'"):
        legs_of_line(region.projection, [(6.0, 50.0), (7.0, 50.0)], "rhumb")
