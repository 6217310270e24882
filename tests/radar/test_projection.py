"""The plane of equal area: against PROJ's geodesics, finite differences, identities."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pyproj")

from pyproj import Geod, Proj

from ncl_deepxde.radar import Projection

EUROPE = pd.DataFrame({"radar": ["a", "b"], "lon": [4.8, 13.8], "lat": [53.0, 47.5]})
AMERICA = pd.DataFrame(
    {"radar": ["a", "b"], "lon": [-76.0, -70.3], "lat": [42.2, 43.9]}
)
PACIFIC = pd.DataFrame({"radar": ["a", "b"], "lon": [179.0, -177.0], "lat": [-38, -36]})


@pytest.fixture(params=[EUROPE, AMERICA, PACIFIC], ids=["europe", "america", "pacific"])
def network(request):
    return request.param


def points(network, n=7):
    rng = np.random.default_rng(0)
    lon = network["lon"].iloc[0] + rng.uniform(-6, 6, n)
    return lon, network["lat"].iloc[0] + rng.uniform(-6, 6, n)


def test_europe_has_its_own_plane_and_others_are_centered():
    assert Projection.of(EUROPE).crs.to_epsg() == 3035
    assert "+lat_0=43.1 +lon_0=-73.2" in Projection.of(AMERICA).definition
    assert "+lat_0=-37.0 +lon_0=-179.0" in Projection.of(PACIFIC).definition
    assert Projection.of(pd.concat([EUROPE, AMERICA])).crs.to_epsg() is None


def test_known_point_of_epsg_3035():
    # origin of the plane, as EPSG defines it: 52 N 10 E is 4321 km, 3210 km
    x, y = Projection().to_plane(10.0, 52.0)
    np.testing.assert_allclose([x, y], [4321, 3210], rtol=0, atol=1e-9)


def test_way_to_the_plane_and_back(network):
    plane = Projection.of(network)
    lon, lat = points(network)
    x, y = plane.to_plane(lon, lat)
    assert x.shape == y.shape == (7,)
    back = plane.to_sphere(x, y)
    turns = (back[0] - lon + 180) % 360 - 180
    # PROJ's series for the authalic latitude are good to 1e-11 rad
    np.testing.assert_allclose(turns, 0, atol=1e-8)
    np.testing.assert_allclose(back[1], lat, atol=1e-8)


def test_velocity_is_the_way_in_the_plane_per_second(network):
    plane, geod = Projection.of(network), Geod(ellps="WGS84")
    lon, lat = points(network)
    u, v = np.random.default_rng(1).normal(0, 10, (2, 7))
    azimuth, speed = np.degrees(np.arctan2(u, v)), np.hypot(u, v)
    step = 50.0  # s: central differences err by (0.5 km / 6400 km)^2 = 6e-9
    ends = [geod.fwd(lon, lat, azimuth, s * speed * step)[:2] for s in (1, -1)]
    (x_1, y_1), (x_0, y_0) = (plane.to_plane(*end) for end in ends)
    expected = np.array([x_1 - x_0, y_1 - y_0]) * 1000 / (2 * step)
    found = np.array(plane.rotate(lon, lat, u, v))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * speed.max())


def test_velocity_turns_by_the_meridian_convergence(network):
    plane = Projection.of(network)
    lon, lat = points(network)
    north = plane.rotate(lon, lat, np.zeros(7), np.ones(7))
    angle = np.degrees(np.arctan2(north[0], north[1]))
    convergence = Proj(plane.crs).get_factors(lon, lat).meridian_convergence
    np.testing.assert_allclose(angle, -np.asarray(convergence), atol=1e-6)
    assert np.abs(angle).max() > 1


def test_velocity_keeps_areas_and_comes_back(network):
    plane = Projection.of(network)
    lon, lat = points(network)
    east = plane.rotate(lon, lat, np.ones(7), np.zeros(7))
    north = plane.rotate(lon, lat, np.zeros(7), np.ones(7))
    area = east[0] * north[1] - east[1] * north[0]
    # PROJ differentiates numerically: 1e-9
    np.testing.assert_allclose(area, 1, atol=1e-7)
    u, v = np.random.default_rng(2).normal(0, 10, (2, 7))
    back = plane.unrotate(lon, lat, *plane.rotate(lon, lat, u, v))
    np.testing.assert_allclose(back, [u, v], atol=1e-12)


def test_missing_velocity_stays_missing():
    u_x, u_y = Projection().rotate([5.0, 6.0], [50.0, 51.0], [np.nan, 1], [np.nan, 2])
    assert np.isnan([u_x[0], u_y[0]]).all()
    assert np.isfinite([u_x[1], u_y[1]]).all()


def test_radars_without_position_are_refused():
    with pytest.raises(ValueError, match="radars: must hold at least one"):
        Projection.of(EUROPE.assign(lon=np.nan))
    with pytest.raises(ValueError, match="radars: must hold at least one"):
        Projection.of(EUROPE.iloc[:0])
