"""Figures: right numbers in the right place, one scale, labels, marks."""

import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.quiver import Quiver
from PIL import Image

from ncl_deepxde.radar.products import (
    Marks,
    birds_crossing,
    crossing_rates,
    follow,
    map_animation,
    map_series,
    track_map,
)
from ncl_deepxde.radar.products.coastlines import coastlines
from ncl_deepxde.radar.products.figures import (
    draw_crossing,
    draw_density,
    draw_deviation,
    draw_tracks,
)

LINE = [(4.0, 50.0), (8.0, 50.0)]


@pytest.fixture
def marks(radars):
    return Marks(radars, ["east"], LINE)


@pytest.fixture
def series(cloud, region):
    return map_series(cloud, region, [2, 6, 9], n=28)


def only(axes, kind):
    (found,) = [c for c in axes.collections if isinstance(c, kind)]
    return found


def texts(figure):
    return {text.get_text() for text in figure.findobj(mpl.text.Text)}


def test_maps_share_a_scale_and_say_the_time(series, marks):
    figure = draw_density(series, marks, "Birds")
    charts = figure.axes[:3]
    for axes, density in zip(charts, series.density, strict=True):
        mesh = only(axes, QuadMesh)
        np.testing.assert_array_equal(mesh.get_array().reshape(density.shape), density)
        assert mesh.get_clim() == (0, series.density.max())
    assert {"2018-04-05 20:00", "2018-04-06 03:00", "Birds (UTC)"} <= texts(figure)
    assert {"longitude (°E)", "latitude (°N)", "birds per km²"} <= texts(figure)
    assert {"radar", "radar held out", "counting line"} <= texts(figure)
    assert any(text.startswith("longest arrow: ") for text in texts(figure))


def test_arrows_point_to_where_birds_go(region):
    def eastward(points):
        lon, lat = region.projection.to_sphere(*points[:, :2].T)
        u, v = region.projection.rotate(lon, lat, 30 + 0 * lon, 0 * lon)
        rho = np.where(points[:, :1] > 0, 1.0, 0.0)
        return {"rho": rho, "u": np.stack([u, v, 0 * u], axis=1)}

    figure = draw_density(map_series(eastward, region, [0], n=28))
    arrows = only(figure.axes[0], Quiver)
    assert arrows.angles == "uv"
    drawn = ~arrows.Umask
    # half of the map is empty of birds and of arrows
    assert 0.4 < drawn.mean() < 0.6
    np.testing.assert_allclose(arrows.U[drawn], 30 * 5)
    np.testing.assert_allclose(arrows.V[drawn], 0, atol=1e-7)


def test_directions_are_right_in_the_middle_of_the_map(series):
    axes = draw_density(series).axes[0]
    middle = np.mean(axes.get_ylim())
    assert axes.get_aspect() == pytest.approx(1 / np.cos(np.radians(middle)))
    assert axes.get_xlim()[0] <= series.grid.lon.min() + 0.2


def test_radars_are_marked_where_they_are(series, marks):
    axes = draw_density(series, marks).axes[0]
    for label, place in (("radar", (4.0, 49.0)), ("radar held out", (8.0, 51.5))):
        (line,) = [line for line in axes.get_lines() if line.get_label() == label]
        np.testing.assert_allclose(line.get_xydata(), [place])


def test_deviation_shares_a_scale(series):
    deviation = np.random.default_rng(0).uniform(0, 2, series.density.shape)
    deviation[0, 0, 0] = np.nan
    figure = draw_deviation(series, deviation)
    limits = {only(axes, QuadMesh).get_clim() for axes in figure.axes[:3]}
    assert limits == {(0, np.nanmax(deviation))}
    assert "relative deviation of the flux" in texts(figure)


def test_tracks_are_drawn_where_they_lead(turning, region, marks, tmp_path):
    place = {"a": (7.0, 51.0, 1.0)}
    tracks = follow(turning, region, place, 2.1, [0, 1, 2.1, 3])
    figure = draw_tracks(tracks, region, marks, "Tracks")
    lines = only(figure.axes[0], mpl.collections.LineCollection)
    pieces = np.array(lines.get_segments())
    assert pieces.shape == (3, 2, 2)
    np.testing.assert_allclose(pieces[1, 1], (7.0, 51.0), atol=1e-9)
    np.testing.assert_allclose(lines.get_array(), [-1.6, -0.55, 0.45])
    (start,) = [n for n in figure.axes[0].get_lines() if n.get_marker() == "s"]
    np.testing.assert_allclose(start.get_xydata(), [(7.0, 51.0)], atol=1e-9)
    assert {"a", "Tracks", "given place"} <= texts(figure)
    assert "hours from 2018-04-05 20:06 UTC" in texts(figure)
    track_map(tmp_path / "tracks.png", tracks, region, marks)
    with Image.open(tmp_path / "tracks.png") as image:
        assert image.width == 1800


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


def test_animation_has_a_frame_per_time(series, marks, tmp_path, capsys):
    map_animation(tmp_path / "maps.gif", series, marks, fps=4)
    assert "animation" in capsys.readouterr().err
    with Image.open(tmp_path / "maps.gif") as image:
        assert (image.n_frames, image.info["duration"]) == (3, 250)


def test_map_without_birds_is_drawn(region):
    def empty(points):
        return {"rho": np.zeros((len(points), 1)), "u": np.zeros((len(points), 3))}

    figure = draw_density(map_series(empty, region, [0], n=6))
    figure.draw_without_rendering()
    assert only(figure.axes[0], QuadMesh).get_clim() == (0, 1)


@pytest.fixture
def _fresh():
    coastlines.cache_clear()
    yield
    coastlines.cache_clear()


@pytest.mark.usefixtures("_fresh")
def test_no_coastlines_without_cartopy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cartopy", None)
    assert coastlines() == ()


@pytest.mark.usefixtures("_fresh")
@pytest.mark.parametrize("there", [True, False])
def test_coastlines_come_from_local_data_only(there, series, tmp_path, monkeypatch):
    cartopy = pytest.importorskip("cartopy", reason="needs the extra maps")
    shapefile = pytest.importorskip("shapefile", reason="needs the extra maps")
    monkeypatch.setitem(cartopy.config, "data_dir", tmp_path)
    monkeypatch.setitem(cartopy.config, "pre_existing_data_dir", "")
    coast = [(3.0, 49.0), (7.0, 51.0), (9.0, 50.0)]
    if there:
        folder = tmp_path / "shapefiles" / "natural_earth" / "physical"
        with shapefile.Writer(str(folder / "ne_50m_coastline")) as writer:
            writer.field("name", "C")
            writer.line([coast])
            writer.record("coast")
    assert len(coastlines()) == there
    axes = draw_density(series).axes[0]
    drawn = [line.get_xydata().tolist() for line in axes.get_lines()]
    assert ([list(place) for place in coast] in drawn) == there
