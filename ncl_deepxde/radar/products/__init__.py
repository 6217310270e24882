"""What a biologist takes from a field of birds: maps, crossings, tracks, files.

Every function takes a `Field`, which gives density and velocity at any point, and a
`Region`, which says where and when.
"""

from ncl_deepxde.radar.products._chart import Marks
from ncl_deepxde.radar.products.column import Column, integrate_column
from ncl_deepxde.radar.products.crossing import (
    Crossing,
    Line,
    birds_crossing,
    crossing_rates,
)
from ncl_deepxde.radar.products.field import Carrier, Field
from ncl_deepxde.radar.products.figures import (
    crossing_figure,
    density_maps,
    deviation_maps,
    map_animation,
    track_map,
)
from ncl_deepxde.radar.products.geojson import geojson_of, write_geojson
from ncl_deepxde.radar.products.maps import MapSeries, map_series, relative_deviation
from ncl_deepxde.radar.products.netcdf import dataset_of, write_netcdf
from ncl_deepxde.radar.products.region import Grid, Region, Time
from ncl_deepxde.radar.products.tracks import Place, Tracks, follow
from ncl_deepxde.radar.products.write import write_products

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
