"""NetCDF: what is read equals what was written, and the CF conventions hold."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pyproj import CRS
from scipy.io import netcdf_file

from ncl_deepxde.radar.products import map_series, write_netcdf

FIELDS = {
    "bird_density": "km-2",
    "eastward_flux": "km-1 h-1",
    "northward_flux": "km-1 h-1",
}


@pytest.fixture
def series(cloud, region):
    return map_series(cloud, region, [0, 2.5, 8], n=9)


@pytest.fixture
def path(series, radars, tmp_path):
    write_netcdf(tmp_path / "maps.nc", series, radars=radars, source="a test")
    assert [file.name for file in tmp_path.iterdir()] == ["maps.nc"]
    return tmp_path / "maps.nc"


def test_values_are_read_back(path, series, radars):
    with xr.open_dataset(path, engine="scipy") as data:
        np.testing.assert_array_equal(data["bird_density"], series.density)
        np.testing.assert_array_equal(data["eastward_flux"], series.flux[..., 0])
        np.testing.assert_array_equal(data["northward_flux"], series.flux[..., 1])
        np.testing.assert_array_equal(data["lon"], series.grid.lon)
        np.testing.assert_array_equal(data["lat"], series.grid.lat)
        np.testing.assert_array_equal(data["x"], 1000 * series.grid.x)
        np.testing.assert_array_equal(data["y"], 1000 * series.grid.y)
        dates = [pd.Timestamp(date.replace(tzinfo=None)) for date in series.dates]
        assert list(data["time"].to_index()) == dates
        np.testing.assert_array_equal(data["altitude_bounds"], [0, 5000])
        assert data["altitude"] == 2500
        assert [str(name) for name in data["radar_name"].values] == ["west", "east"]
        np.testing.assert_array_equal(data["radar_lat"], radars["lat"])


def test_attributes_follow_the_conventions(path, series):
    with xr.open_dataset(path, engine="scipy", decode_cf=False) as data:
        assert data.attrs["Conventions"].startswith("CF-1.")
        assert {"title", "source", "history"} <= set(data.attrs)
        assert data.attrs["source"] == "a test"
        for name, units in FIELDS.items():
            field = data[name]
            assert field.dims == ("time", "y", "x")
            assert field.attrs["units"] == units
            assert field.attrs["_FillValue"].dtype == field.dtype
            assert field.attrs["grid_mapping"] in data
            named = field.attrs["coordinates"].split()
            assert set(named) == {"lon", "lat", "altitude"} <= set(data.variables)
        standard = {
            name: (data[name].attrs["standard_name"], data[name].attrs["units"])
            for name in ("time", "x", "y", "lon", "lat", "altitude")
        }
        assert standard == {
            "time": ("time", "hours since 2018-04-05 18:00:00"),
            "x": ("projection_x_coordinate", "m"),
            "y": ("projection_y_coordinate", "m"),
            "lon": ("longitude", "degrees_east"),
            "lat": ("latitude", "degrees_north"),
            "altitude": ("altitude", "m"),
        }
        # CF 2.5.1: a coordinate misses no value
        assert not any("_FillValue" in data[name].attrs for name in standard)
        assert data["time"].attrs["calendar"] == "standard"
        assert data["altitude"].attrs["positive"] == "up"
        assert data["altitude"].attrs["bounds"] in data
        assert data["crs"].attrs["grid_mapping_name"] == "lambert_azimuthal_equal_area"
        assert CRS.from_cf(data["crs"].attrs) == series.region.projection.crs


def test_projection_leads_from_x_and_y_to_lon_and_lat(path):
    with xr.open_dataset(path, engine="scipy") as data:
        plane = CRS.from_cf(data["crs"].attrs)
        lon, lat = data["lon"].values, data["lat"].values
        from pyproj import Transformer

        to_plane = Transformer.from_crs("EPSG:4326", plane, always_xy=True)
        x, y = to_plane.transform(lon, lat)
        # millimeters, and degrees to 1e-14
        np.testing.assert_allclose(x, np.tile(data["x"], (len(y), 1)), atol=1e-3)
        np.testing.assert_allclose(y[:, 0], data["y"], atol=1e-3)


def test_another_library_reads_the_same(path, series):
    with netcdf_file(path, mmap=False) as file:
        density = file.variables["bird_density"]
        np.testing.assert_array_equal(density[:], series.density)
        assert density.dimensions == ("time", "y", "x")
        assert density.units == b"km-2"


def test_file_without_radars(series, tmp_path):
    write_netcdf(tmp_path / "maps.nc", series)
    with xr.open_dataset(tmp_path / "maps.nc", engine="scipy") as data:
        assert "radar_name" not in data


def test_failed_write_leaves_the_old_file(path, series, monkeypatch):
    before = path.read_bytes()

    def broken(self, target, **options):
        target.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", broken)
    with pytest.raises(OSError, match="no space"):
        write_netcdf(path, series)
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 1
