"""Maps as NetCDF files that follow the CF conventions."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import numpy as np
import pandas as pd

import ncl_deepxde

from ...evaluation.metrics import Array
from ...files import replacing
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
"""Encoding of a variable that misses no value and has no coordinates of its own."""


def write_netcdf(
    path: str | os.PathLike[str],
    series: MapSeries,
    *,
    radars: pd.DataFrame | None = None,
    title: str = "Bird migration, integrated over altitude",
    source: str = "",
) -> None:
    """Write a NetCDF 3 file, which every tool reads; arguments as in `dataset_of`."""
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
        title: Of the file.
        source: Model and data that the maps come from.
    """

    def over_map(values: Array, long_name: str, units: str) -> xr.Variable:
        attributes = {
            "long_name": long_name,
            "units": units,
            "cell_methods": "time: point",
            "grid_mapping": "crs",
        }
        encoding = {"_FillValue": FILL, "coordinates": "lon lat altitude"}
        return xr.Variable(("time", "y", "x"), values, attributes, encoding)

    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return xr.Dataset(
        {
            "bird_density": over_map(
                series.density,
                "birds per area, integrated over altitude",
                "km-2",
            ),
            "eastward_flux": over_map(
                series.flux[..., 0],
                "birds per length and time, to the east",
                "km-1 h-1",
            ),
            "northward_flux": over_map(
                series.flux[..., 1],
                "birds per length and time, to the north",
                "km-1 h-1",
            ),
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


def _coordinates(series: MapSeries) -> dict[str, xr.Variable]:
    grid, start = series.grid, series.region.start

    def axis(name: str, values: Array) -> xr.Variable:
        attributes = {
            "standard_name": f"projection_{name}_coordinate",
            "long_name": f"{name} of the projection",
            "units": "m",
            "axis": name.upper(),
        }
        return xr.Variable((name,), 1000 * values, attributes, ALONE)

    def degrees(standard_name: str, values: Array, units: str) -> xr.Variable:
        attributes = {"standard_name": standard_name, "units": units}
        return xr.Variable(("y", "x"), values, attributes, ALONE)

    time = xr.Variable(
        ("time",),
        series.hours,
        {
            "standard_name": "time",
            "long_name": "time (UTC)",
            "units": f"hours since {start:%Y-%m-%d %H:%M:%S}",
            "calendar": "standard",
            "axis": "T",
        },
        ALONE,
    )
    return {
        "time": time,
        "y": axis("y", grid.y),
        "x": axis("x", grid.x),
        "lon": degrees("longitude", grid.lon, "degrees_east"),
        "lat": degrees("latitude", grid.lat, "degrees_north"),
        "altitude": xr.Variable(
            (),
            500 * sum(series.region.altitude),
            {
                "standard_name": "altitude",
                "long_name": "middle of the layer above sea level",
                "units": "m",
                "positive": "up",
                "axis": "Z",
                "bounds": "altitude_bounds",
            },
            ALONE,
        ),
    }


def _mapping(series: MapSeries) -> xr.Variable:
    """Return the variable of the grid mapping, without a value of its own."""
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
    degrees = {
        "lon": ("longitude", "degrees_east"),
        "lat": ("latitude", "degrees_north"),
    }
    stations = {
        f"radar_{key}": xr.Variable(
            ("radar",),
            radars[key].to_numpy(dtype=float),
            {"standard_name": standard_name, "units": units},
            ALONE,
        )
        for key, (standard_name, units) in degrees.items()
    }
    attributes = {"long_name": "name of the radar"}
    name = xr.Variable(
        ("radar",), names, attributes, {"coordinates": "radar_lon radar_lat"}
    )
    return {"radar_name": name, **stations}
