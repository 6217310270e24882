"""Coastlines: from local data, or none."""

import sys

import pytest

from ncl_deepxde.radar.products.figures.coastlines import coastlines
from ncl_deepxde.radar.products.figures.maps import draw_density


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
