"""Coastlines, where cartopy and its data are on this machine already."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ....arrays import Array

__all__ = ["coastlines"]

SCALES = ("50m", "10m", "110m")


@cache
def coastlines() -> tuple[Array, ...]:
    """Return polylines (longitude, latitude) of Natural Earth, each (N, 2).

    There are none without cartopy, or where its data folder does not hold the file
    ``shapefiles/natural_earth/physical/ne_50m_coastline.shp`` (or ``10m``, ``110m``).
    Nothing is downloaded: ``cartopy_feature_download.py physical`` does that.
    """
    try:
        from cartopy import config
        from cartopy.io import shapereader
    except ImportError:
        return ()
    folders = [config["pre_existing_data_dir"], config["data_dir"]]
    for folder in filter(None, folders):
        for scale in SCALES:
            path = Path(folder) / "shapefiles" / "natural_earth" / "physical"
            path /= f"ne_{scale}_coastline.shp"
            if path.is_file():
                shapes = shapereader.Reader(path).geometries()
                return tuple(line for shape in shapes for line in _lines(shape))
    return ()


def _lines(shape: Any) -> list[Array]:
    """Return the polylines of a shape, which is one or holds several."""
    parts = shape.geoms if shape.geom_type == "MultiLineString" else [shape]
    return [np.asarray(part.coords)[:, :2] for part in parts]
