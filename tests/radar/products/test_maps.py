"""Maps: closed forms, directions on the sphere, spread between flows."""

import numpy as np
import pytest

from ncl_deepxde.radar.products import map_series, relative_deviation

TIMES = ["2018-04-05T20:00", "2018-04-06T00:00"]


@pytest.fixture
def northward(region):
    """Ten birds per km3 that fly to the true north at 30 km/h."""

    def flow(points):
        lon, lat = region.projection.to_sphere(*points[:, :2].T)
        u, v = region.projection.rotate(lon, lat, 0 * lon, 30 + 0 * lon)
        rho = np.full((len(points), 1), 10.0)
        return {"rho": rho, "u": np.stack([u, v, 0 * u], axis=1)}

    return flow


def scaled(flow, factor):
    def other(points):
        values = flow(points)
        return {"rho": values["rho"], "u": factor * values["u"]}

    return other


def test_maps_hold_the_birds_of_their_cells(cloud, region):
    series = map_series(cloud, region, TIMES, n=80, nodes=40)
    assert series.density.shape == (2, 60, 80)
    assert series.flux.shape == (2, 60, 80, 2)
    assert [f"{date:%H}" for date in series.dates] == ["20", "00"]
    for hours, density in zip((2.0, 6.0), series.density, strict=True):
        box = (region.x, region.y, region.altitude)
        # cells of 10 km; the edge cuts the cloud at 3.75 widths
        assert density.sum() * 100 == pytest.approx(cloud.birds(box, hours), rel=1e-5)
    row, column = np.unravel_index(np.argmax(series.density[1]), (60, 80))
    center = np.array(cloud.center[:2]) + 6 * np.array(cloud.wind[:2])
    peak = series.grid.x[column], series.grid.y[row]
    assert np.abs(peak - center).max() <= 5


def test_flux_is_turned_from_the_plane_to_east_and_north(northward, region):
    series = map_series(northward, region, [0], n=12)
    # over the 5 km of altitude; PROJ differentiates to about 1e-12
    np.testing.assert_allclose(series.flux[..., 0], 0, atol=1e-8)
    np.testing.assert_allclose(series.flux[..., 1], 10 * 30 * 5, rtol=1e-11)


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ((1, 1), 0.0),
        ((1, -1), 1.0),
        ((1, 3), 0.5),
        ((1, 2, 3), np.sqrt(2 / 3) / 2),
        ((0, 0), np.nan),
    ],
)
def test_relative_deviation_of_multiples(factors, expected, northward, region):
    series = [map_series(scaled(northward, f), region, [0, 1], n=5) for f in factors]
    deviation = relative_deviation(series)
    assert deviation.shape == (2, *series[0].grid.shape)
    np.testing.assert_allclose(deviation, expected, atol=1e-12)


def test_relative_deviation_needs_flows_on_one_grid(cloud, region):
    one = map_series(cloud, region, [0], n=4)
    with pytest.raises(ValueError, match="series: must hold the maps of at least two"):
        relative_deviation([one])
    for other in (
        map_series(cloud, region, [0], n=5),
        map_series(cloud, region, [1], n=4),
    ):
        with pytest.raises(ValueError, match="series: must all have the same region"):
            relative_deviation([one, other])


def test_no_times_are_refused(cloud, region):
    with pytest.raises(ValueError, match="times: must hold at least one"):
        map_series(cloud, region, [])


def test_flow_that_is_lost_is_refused(cloud, region):
    def lost(points):
        return {"rho": np.full((len(points), 1), np.inf), "u": cloud(points)["u"]}

    with pytest.raises(ValueError, match="flow: rho must be finite"):
        map_series(lost, region, [0], n=4)
