"""Regions: clocks, cells, edges."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from ncl_deepxde.radar import Projection
from ncl_deepxde.radar.products import Region

CEST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "time",
    [
        7.5,
        "2018-04-06T01:30",
        "2018-04-06 01:30:00Z",
        "2018-04-06T03:30+02:00",
        datetime(2018, 4, 6, 1, 30),
        datetime(2018, 4, 6, 3, 30, tzinfo=CEST),
        np.datetime64("2018-04-06T01:30"),
        pd.Timestamp("2018-04-06T01:30", tz="UTC"),
    ],
    ids=str,
)
def test_all_ways_to_say_a_time_agree(time, region):
    assert region.hours(time) == 7.5
    assert region.utc(region.hours(time)) == datetime(2018, 4, 6, 1, 30, tzinfo=UTC)


def test_start_in_another_zone_is_turned_to_utc(region):
    start = datetime(2018, 4, 5, 20, tzinfo=CEST)
    other = Region(region.projection, start, region.x, region.y, region.altitude)
    assert other == region


@pytest.mark.parametrize(
    ("time", "message"),
    [("dusk", "time: must be .* ISO"), (np.nan, "time: must be fin")],
)
def test_bad_time_is_refused(time, message, region):
    with pytest.raises(ValueError, match=message):
        region.hours(time)


def test_cells_are_square_and_fill_the_region(region):
    grid = region.grid(40)
    assert grid.shape == (30, 40)
    assert grid.places.shape == (1200, 2)
    np.testing.assert_allclose(np.diff(grid.x), 20)
    np.testing.assert_allclose(np.diff(grid.y), 20)
    assert (grid.x[0], grid.x[-1], grid.y[0]) == (-390, 390, -290)
    lon, lat = region.projection.to_sphere(*grid.places.T)
    np.testing.assert_allclose(grid.lon.ravel(), lon, atol=1e-12)
    np.testing.assert_allclose(grid.lat.ravel(), lat, atol=1e-12)


def test_region_around_radars_has_the_margin(radars):
    start = datetime(2018, 4, 5, 18)
    region = Region.around(radars, start, (0.2, 3.0), margin=50)
    assert region.projection.crs.to_epsg() == 3035
    x, y = region.projection.to_plane(radars["lon"], radars["lat"])
    assert region.x == (min(x) - 50, max(x) + 50)
    assert region.y == (min(y) - 50, max(y) + 50)


def test_longitudes_go_on_beyond_the_antimeridian():
    plane = Projection("+proj=laea +lat_0=-37 +lon_0=179 +datum=WGS84 +units=m")
    region = Region(plane, datetime(2018, 4, 5), (-300, 300), (-300, 300), (0, 3))
    grid = region.grid(20)
    assert grid.lon.max() > 180
    assert np.all(np.diff(grid.lon, axis=1) > 0)
    np.testing.assert_allclose(region.to_sphere(0.0, 0.0)[0], 179)


@pytest.mark.parametrize("name", ["x", "y", "altitude"])
@pytest.mark.parametrize("ends", [(1.0, 1.0), (2.0, 1.0), (0.0, np.inf), (np.nan, 1)])
def test_bad_interval_is_refused(name, ends, region):
    arguments = {"x": region.x, "y": region.y, "altitude": region.altitude, name: ends}
    with pytest.raises(ValueError, match=f"^{name}: must be a pair"):
        Region(region.projection, region.start, **arguments)


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_bad_number_of_cells_is_refused(n, region):
    with pytest.raises(ValueError, match="n: must be an integer and at least 1"):
        region.grid(n)


def test_no_radar_is_refused(radars):
    with pytest.raises(ValueError, match="radars: must hold at least one"):
        Region.around(radars[:0], datetime(2018, 4, 5), (0, 5))
