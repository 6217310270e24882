"""Products of a flow of birds, for biologists: maps, crossings, tracks, files.

Every function takes a ``BirdFlow``, which gives density and velocity at any point, and
a ``Region``, which says where and when.
"""

from .column import Column, integrate_column
from .crossing import Crossing, birds_crossing, crossing_rates
from .figures import (
    Marks,
    crossing_figure,
    density_maps,
    deviation_maps,
    map_animation,
    track_map,
)
from .flow import BirdFlow, Carrier
from .geojson import geojson_of, write_geojson
from .lines import Line
from .maps import MapSeries, map_series, relative_deviation
from .netcdf import dataset_of, write_netcdf
from .region import Grid, Region, Time
from .tracks import Place, Tracks, follow
from .write import write_products

__all__ = [
    "BirdFlow",
    "Carrier",
    "Column",
    "Crossing",
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
