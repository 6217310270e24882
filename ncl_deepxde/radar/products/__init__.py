"""What a biologist takes from a field of birds: maps, crossings, tracks, files.

Every function takes a `Field`, which gives density and velocity at any point, and a
`Region`, which says where and when.
"""

from ._chart import Marks
from .column import Column, integrate_column
from .crossing import Crossing, Line, birds_crossing, crossing_rates
from .field import Carrier, Field
from .figures import (
    crossing_figure,
    density_maps,
    deviation_maps,
    map_animation,
    track_map,
)
from .geojson import geojson_of, write_geojson
from .maps import MapSeries, map_series, relative_deviation
from .netcdf import dataset_of, write_netcdf
from .region import Grid, Region, Time
from .tracks import Place, Tracks, follow
from .write import write_products

__all__ = [
    "Carrier",
    "Column",
    "Crossing",
    "Field",
    "Grid",
    "Line",
    "MapSeries",
    "Marks",
    "Place",
    "Region",
    "Time",
    "Tracks",
    "birds_crossing",
    "crossing_figure",
    "crossing_rates",
    "dataset_of",
    "density_maps",
    "deviation_maps",
    "follow",
    "geojson_of",
    "integrate_column",
    "map_animation",
    "map_series",
    "relative_deviation",
    "track_map",
    "write_geojson",
    "write_netcdf",
    "write_products",
]
