r"""Birds above a square kilometer, and how many pass a kilometer in an hour, by radar.

As bioRad defines them, over the bins of a profile, of density :math:`\rho_i` in
birds/km3, ground velocity :math:`(u_i, v_i)` and height :math:`\Delta h_i`:

.. math:: \text{VID} = \sum_i \rho_i\,\Delta h_i \quad[\text{birds/km}^2], \qquad
    \text{MTR} = \sum_i \rho_i\,\sqrt{u_i^2 + v_i^2}\;\Delta h_i
    \quad[\text{birds/(km h)}],

the latter across a line that stands everywhere across the flight. Across a line
perpendicular to the direction :math:`\alpha`, clockwise from north, the speed is
replaced by :math:`u_i\sin\alpha + v_i\cos\alpha`, which may be negative.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .profiles import Profiles

__all__ = ["integrate_profiles"]

KMH = 3.6
"""One m/s in km/h."""


def integrate_profiles(
    profiles: Profiles,
    *,
    altitude: tuple[float, float] = (0.0, np.inf),
    direction: float | None = None,
) -> pd.DataFrame:
    """Integrate every profile over its altitude bins, by the formulas of the module.

    Bins without a density count as empty, those without a velocity as without traffic,
    as in bioRad: where few birds fly, vol2bird gives no velocity. How many bins have a
    density, and how many of the birds have no velocity, is told beside the sums.

    Args:
        profiles: Profiles of any radars and times; times without a row have no line
            here, where bioRad writes 0.
        altitude: Bottom and top in m above sea level; a bin counts if its lower edge is
            at least the bottom and below the top.
        direction: Degrees clockwise from north for the traffic into one direction; by
            default that across the flight.

    Returns:
        One line per radar and time: ``radar``, ``time``, ``vid`` (birds/km2), ``mtr``
        (birds/(km h)), ``layers`` (number of bins with a density) and
        ``vid_without_velocity`` (the part of ``vid`` that ``mtr`` misses).

    Raises:
        ValueError: The height of a bin is not known, no bin lies between the altitudes,
            or the direction is no number.

    References:
        A. M. Dokter et al., bioRad: biological analysis and visualization of weather
        radar data (Ecography, 2019), ``integrate_profile``,
        https://doi.org/10.1111/ecog.04028.
    """
    rows = _between(profiles.rows, altitude)
    speed = _speed(rows, direction)
    above = rows["dens"] * rows["width"] / 1000
    columns = {
        "vid": above,
        "mtr": KMH * above * speed,
        "layers": rows["dens"].notna().astype(int),
        "vid_without_velocity": above.where(speed.isna(), 0.0),
    }
    sums = rows[["radar", "time"]].assign(**columns)
    return sums.groupby(["radar", "time"]).sum().reset_index()


def _speed(rows: pd.DataFrame, direction: float | None) -> pd.Series:
    """Return the speed across the line in m/s, NaN where it is missing."""
    if direction is None:
        return pd.Series(np.hypot(rows["u"], rows["v"]), index=rows.index)
    if not np.isfinite(direction):
        raise ValueError(
            f"direction: must be degrees clockwise from north, got {direction}. Leave "
            "it out for the traffic across the flight."
        )
    angle = np.deg2rad(direction)
    return rows["u"] * np.sin(angle) + rows["v"] * np.cos(angle)


def _between(rows: pd.DataFrame, altitude: tuple[float, float]) -> pd.DataFrame:
    unknown = rows.loc[rows["width"].isna(), "radar"].unique()
    if len(unknown):
        raise ValueError(
            f"width: must be the height of each bin in m to integrate over it; missing "
            f"for {', '.join(unknown)}. Add the column to the rows."
        )
    lower = rows["altitude"] - rows["width"] / 2
    chosen = rows[(lower >= altitude[0]) & (lower < altitude[1])]
    if chosen.empty:
        raise ValueError(
            f"altitude: must hold the lower edge of a bin, got {altitude} m for edges "
            f"from {lower.min():g} to {lower.max():g} m. Choose others."
        )
    return chosen
