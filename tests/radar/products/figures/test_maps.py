"""Maps: right numbers in the right place, one scale, labels, frames."""

import numpy as np
from drawn import only, texts
from matplotlib.collections import QuadMesh
from matplotlib.quiver import Quiver
from PIL import Image

from ncl_deepxde.radar.products import map_animation, map_series
from ncl_deepxde.radar.products.figures.maps import draw_density, draw_deviation


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


def test_deviation_shares_a_scale(series):
    deviation = np.random.default_rng(0).uniform(0, 2, series.density.shape)
    deviation[0, 0, 0] = np.nan
    figure = draw_deviation(series, deviation)
    limits = {only(axes, QuadMesh).get_clim() for axes in figure.axes[:3]}
    assert limits == {(0, np.nanmax(deviation))}
    assert "relative deviation of the flux" in texts(figure)


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
