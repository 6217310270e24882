"""Vertical profiles of birds from weather radars: files in, one tidy table out.

``read`` finds the format of a file by its content. It knows

- the archive Zenodo 4587338 (https://doi.org/10.5281/zenodo.4587338): the zip, or a
  folder with its ``dc_<radar>.json`` and ``time.json``;
- ODIM HDF5 of the OPERA radars (``.h5``): vertical profiles as vol2bird writes them,
  one radar and time per file; ``HGHT`` is the lower edge of a bin;
- VPTS CSV (https://aloftdata.eu/vpts-csv): ``height`` is the lower edge of a bin, and
  is moved to its center;
- plain tables of profiles with the columns ``radar, lon, lat, time_utc, altitude_m,
  dens_per_km3, u_m_s, v_m_s``, where missing is written as 0: a profile that is 0
  throughout is missing, and so is a velocity of exactly (0, 0);
- plain tables of two altitude bands with the columns ``radar_id, interval_start_time,
  altitude_band, avg_u_speed, avg_v_speed`` and a density: the altitude is the center
  of the band.

Tables may be gzipped. Times without a zone are UTC. ``integrate_profiles`` gives birds
per km2 and migration traffic rates as bioRad defines them, ``series_figure`` draws
them. ``ncl_deepxde.radar.products`` makes maps, tracks, counts and files of a flow of
birds.

Needs the extra ``birds`` (pandas and pyproj; h5py for ODIM HDF5).
"""

from __future__ import annotations

try:
    import pandas as _pandas  # noqa: F401  whether it is there
    import pyproj as _pyproj  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"ncl_deepxde.radar: needs {error.name}, which is not installed. "
        "Run pip install 'ncl-deepxde[birds]'.",
        name=error.name,
    ) from error

from .downloading import download
from .integration import integrate_profiles
from .nights import minutes_since_dusk, nights
from .profiles import COLUMNS, Profiles
from .projection import Projection
from .reading import CORRECTIONS, read
from .series_figure import series_figure

__all__ = [
    "COLUMNS",
    "CORRECTIONS",
    "Profiles",
    "Projection",
    "download",
    "integrate_profiles",
    "minutes_since_dusk",
    "nights",
    "read",
    "series_figure",
]
