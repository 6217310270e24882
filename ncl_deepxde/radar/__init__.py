"""Vertical profiles of birds from weather radars: files in, one tidy table out.

Needs the extra ``birds`` (pandas and pyproj).
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
from .nights import minutes_since_dusk, nights
from .profiles import COLUMNS, Profiles
from .projection import Projection
from .reading import CORRECTIONS, read

__all__ = [
    "COLUMNS",
    "CORRECTIONS",
    "Profiles",
    "Projection",
    "download",
    "minutes_since_dusk",
    "nights",
    "read",
]
