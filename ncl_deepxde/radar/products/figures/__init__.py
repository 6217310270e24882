"""Figures for biologists: maps with arrows, tracks, spread, crossing, animation."""

from .chart import Marks
from .crossing import crossing_figure
from .maps import density_maps, deviation_maps, map_animation
from .tracks import track_map

__all__ = [
    "Marks",
    "crossing_figure",
    "density_maps",
    "deviation_maps",
    "map_animation",
    "track_map",
]
