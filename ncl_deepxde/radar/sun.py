r"""How high the sun stands, for the shading of nights in figures.

With the days :math:`n` since 2000-01-01 12:00 UTC, the sun's mean longitude :math:`L`
and anomaly :math:`g`, its ecliptic longitude :math:`\lambda`, the obliquity
:math:`\varepsilon` and the sidereal time at the place, in degrees,

.. math::
    L &= 280.460 + 0.9856474\,n, \qquad g = 357.528 + 0.9856003\,n, \\
    \lambda &= L + 1.915\sin g + 0.020\sin 2g, \qquad
    \varepsilon = 23.439 - 4\cdot10^{-7}\,n, \\
    \sin\delta &= \sin\varepsilon\sin\lambda, \qquad
    \tan\alpha = \cos\varepsilon\tan\lambda, \\
    H &= 280.46062 + 360.98564737\,n + \text{lon} - \alpha, \\
    \sin h &= \sin\text{lat}\,\sin\delta + \cos\text{lat}\,\cos\delta\,\cos H .

The Astronomical Almanac gives it 0.01 degrees of error between 1950 and 2050.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..arrays import Array

__all__ = ["NIGHT", "sun_elevation"]

NIGHT = -0.268
"""Elevation in degrees below which it is night, as in bioRad's figures."""


def sun_elevation(times: pd.DatetimeIndex, lon: float, lat: float) -> Array:
    """Return the elevation of the sun's center in degrees, (N,), without refraction.

    Args:
        times: Times in UTC, with or without that zone, (N,).
        lon: Degrees to the east.
        lat: Degrees to the north.
    """
    naive = times.tz_convert(None) if times.tz is not None else times
    n = (naive - pd.Timestamp("2000-01-01T12:00")) / pd.Timedelta(days=1)
    n = n.to_numpy(dtype=np.float64)
    anomaly = np.deg2rad(357.528 + 0.9856003 * n)
    longitude = np.deg2rad(
        280.460 + 0.9856474 * n + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly)
    )
    tilt = np.deg2rad(23.439 - 4e-7 * n)
    ascension = np.arctan2(np.cos(tilt) * np.sin(longitude), np.cos(longitude))
    declination = np.arcsin(np.sin(tilt) * np.sin(longitude))
    hour = np.deg2rad(280.46062 + 360.98564737 * n + lon) - ascension
    phi = np.deg2rad(lat)
    sine = np.sin(phi) * np.sin(declination)
    sine += np.cos(phi) * np.cos(declination) * np.cos(hour)
    elevation: Array = np.rad2deg(np.arcsin(np.clip(sine, -1.0, 1.0)))
    return elevation
