"""Maps as NetCDF files that follow the CF conventions."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd

import ncl_deepxde

from ...arrays import Array
from ...files import PathLike, replacing
from .maps import MapSeries

try:
    import xarray as xr
except ImportError as error:
    raise ImportError(
        "ncl_deepxde.radar.products: needs xarray, which is not installed. "
        "Run pip install 'ncl-deepxde[birds]'.",
        name=error.name,
    ) from error

__all__ = ["dataset_of", "write_netcdf"]

CONVENTIONS = "CF-1.11"
FILL = -9999.0
ALONE = {"_FillValue": None, "coordinates": None}
"""Encoding of a variable without missing values and without coordinates."""
DEGREES = {"longitude": "degrees_east", "latitude": "degrees_north"}


def write_netcdf(
    path: PathLike,
    series: MapSeries,
    *,
    radars: pd.DataFrame | None = None,
    title: str = "Bird migration, integrated over altitude",
    source: str = "",
) -> None:
    """Write maps as a NetCDF 3 file, which every tool reads.

    Args:
        path: NetCDF file to write.
        series: The maps.
        radars: Columns ``radar``, ``lon`` and ``lat``, stored with their positions.
        title: Title of the file.
        source: Model and data that the maps come from.
    """
    dataset = dataset_of(series, radars=radars, title=title, source=source)
    with replacing(path) as temporary:
        dataset.to_netcdf(temporary, format="NETCDF3_64BIT", engine="scipy")


def dataset_of(
    series: MapSeries,
    *,
    radars: pd.DataFrame | None = None,
    title: str = "Bird migration, integrated over altitude",
    source: str = "",
) -> xr.Dataset:
    """Return maps with coordinates, units and projection.

    Variables over (time, y, x) are ``bird_density`` in km-2 and ``eastward_flux`` and
    ``northward_flux`` in km-1 h-1; birds are counts, which have no unit. Coordinates
    are the time in UTC, x and y of the projection in m, 2-D ``lon`` and ``lat``, and
    the layer of altitudes with its bounds.

    Args:
        series: The maps.
        radars: Columns ``radar``, ``lon`` and ``lat``, stored with their positions.
        title: Title of the file.
        source: Model and data that the maps come from.
    """
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return xr.Dataset(
        {
            **_maps(series),
            "crs": _mapping(series),
            **_layer(series),
            **_stations(radars),
        },
        _coordinates(series),
        {
            "Conventions": CONVENTIONS,
            "title": title,
            "source": source or "a field of bird density and velocity",
            "history": f"{now} ncl_deepxde {ncl_deepxde.__version__}",
        },
    )


def _maps(series: MapSeries) -> dict[str, xr.Variable]:
    """Return the variables over (time, y, x)."""
    east, north = np.moveaxis(series.flux, -1, 0)
    area = "birds per area, integrated over altitude"
    length = "birds per length and time, to the"
    maps = {
        "bird_density": (series.density, area, "km-2"),
        "eastward_flux": (east, f"{length} east", "km-1 h-1"),
        "northward_flux": (north, f"{length} north", "km-1 h-1"),
    }
    common = {"cell_methods": "time: point", "grid_mapping": "crs"}
    encoding = {"_FillValue": FILL, "coordinates": "lon lat altitude"}
    return {
        name: xr.Variable(
            ("time", "y", "x"),
            values,
            {"long_name": long_name, "units": units, **common},
            encoding,
        )
        for name, (values, long_name, units) in maps.items()
    }


def _coordinates(series: MapSeries) -> dict[str, xr.Variable]:
    grid = series.grid
    return {
        "time": _time(series),
        "y": _axis("y", grid.y),
        "x": _axis("x", grid.x),
        "lon": _degrees("longitude", grid.lon, ("y", "x")),
        "lat": _degrees("latitude", grid.lat, ("y", "x")),
        "altitude": _middle(series),
    }


def _time(series: MapSeries) -> xr.Variable:
    attributes = {
        "standard_name": "time",
        "long_name": "time (UTC)",
        "units": f"hours since {series.region.start:%Y-%m-%d %H:%M:%S}",
        "calendar": "standard",
        "axis": "T",
    }
    return xr.Variable(("time",), series.hours, attributes, ALONE)


def _axis(name: str, kilometers: Array) -> xr.Variable:
    attributes = {
        "standard_name": f"projection_{name}_coordinate",
        "long_name": f"{name} of the projection",
        "units": "m",
        "axis": name.upper(),
    }
    return xr.Variable((name,), 1000 * kilometers, attributes, ALONE)


def _degrees(name: str, values: Array, dimensions: tuple[str, ...]) -> xr.Variable:
    attributes = {"standard_name": name, "units": DEGREES[name]}
    return xr.Variable(dimensions, values, attributes, ALONE)


def _middle(series: MapSeries) -> xr.Variable:
    """Return the altitude of the middle of the layer, without a dimension."""
    attributes = {
        "standard_name": "altitude",
        "long_name": "middle of the layer above sea level",
        "units": "m",
        "positive": "up",
        "axis": "Z",
        "bounds": "altitude_bounds",
    }
    return xr.Variable((), 500 * sum(series.region.altitude), attributes, ALONE)


def _mapping(series: MapSeries) -> xr.Variable:
    """Return the variable of the grid mapping, whose value means nothing."""
    attributes = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in series.region.projection.crs.to_cf().items()
    }
    return xr.Variable((), np.int32(0), attributes, ALONE)


def _layer(series: MapSeries) -> dict[str, xr.Variable]:
    bounds = 1000 * np.array(series.region.altitude)
    return {"altitude_bounds": xr.Variable(("bound",), bounds, None, ALONE)}


def _stations(radars: pd.DataFrame | None) -> dict[str, xr.Variable]:
    if radars is None or radars.empty:
        return {}
    names = radars["radar"].astype(str).to_numpy(dtype="U")
    lon, lat = (radars[key].to_numpy(dtype=float) for key in ("lon", "lat"))
    place = {"coordinates": "radar_lon radar_lat"}
    return {
        "radar_name": xr.Variable(
            ("radar",), names, {"long_name": "name of the radar"}, place
        ),
        "radar_lon": _degrees("longitude", lon, ("radar",)),
        "radar_lat": _degrees("latitude", lat, ("radar",)),
    }
