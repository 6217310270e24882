"""Checks that values are degrees, meters, birds/km^3 and m/s."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["check_plausible"]

MAX_DENSITY = 1e5  # birds/km^3; the densest nights recorded stay below 1e4
MIN_DENSITY = 1e-3  # the largest of a table: one bird in 1000 km^3
MAX_SPEED = 100.0  # m/s, as in the VPTS CSV table schema
MAX_MEDIAN_SPEED = 25.0  # m/s; in km/h birds have a median of 30 to 60
OUTLIERS = 0.01  # up to this share, impossible values are errors of the radar
ALTITUDES = (-500.0, 25_000.0)  # m
MIN_ALTITUDE = 30.0  # m, of the highest bin: lower ones are kilometers

_OFF = "Pass check_units=False if the values are right."


def check_plausible(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows with impossible values made missing, and notes about them.

    Args:
        rows: Table with the columns of ``Profiles.rows``; it is changed.

    Raises:
        ValueError: So many values are impossible that the unit must be another one.
    """
    _check_place(rows)
    _check_altitude(rows["altitude"])
    _check_density(rows["dens"].dropna())
    speed = (rows["u"] ** 2 + rows["v"] ** 2) ** 0.5
    _check_speed(speed.dropna())
    dense, fast = rows["dens"] > MAX_DENSITY, speed > MAX_SPEED
    rows.loc[dense, "dens"] = np.nan
    rows.loc[fast, ["u", "v"]] = np.nan
    notes = {
        f"{dense.sum():,} densities above {MAX_DENSITY:g} per km^3 are missing": dense,
        f"{fast.sum():,} speeds above {MAX_SPEED:g} m/s are missing": fast,
    }
    return rows, [note for note, mask in notes.items() if mask.any()]


def _check_place(rows: pd.DataFrame) -> None:
    for name, limit in (("lon", 180), ("lat", 90)):
        worst = rows[name].abs().max()
        if worst > limit:
            raise ValueError(
                f"{name}: must be degrees in [-{limit}, {limit}], got {worst:g}. "
                "Are longitude and latitude swapped, or projected coordinates?"
            )


def _check_altitude(altitude: pd.Series) -> None:
    low, high = altitude.min(), altitude.max()
    if low < ALTITUDES[0] or high > ALTITUDES[1]:
        raise ValueError(
            f"altitude: must be meters above sea level in {list(ALTITUDES)}, got "
            f"{low:g} to {high:g}. Convert to meters."
        )
    if high < MIN_ALTITUDE:
        raise ValueError(
            f"altitude: must be meters above sea level, got {low:g} to {high:g}, which "
            f"looks like kilometers. Multiply by 1000. {_OFF}"
        )


def _check_density(dens: pd.Series) -> None:
    if dens.empty:
        return
    low, high = dens.min(), dens.max()
    if low < 0:
        raise ValueError(
            f"dens: must not be negative, got {low:g}. Leave missing values empty."
        )
    if 0 < high < MIN_DENSITY:
        raise ValueError(
            f"dens: must be birds per km^3, got {high:.3g} as the largest, which looks "
            f"like birds per m^3. Multiply by 1e9. {_OFF}"
        )
    if (dens > MAX_DENSITY).mean() > OUTLIERS:
        raise ValueError(
            f"dens: must be birds per km^3, at most {MAX_DENSITY:g}, got {high:.3g}. "
            f"Convert the unit, or leave wrong values empty. {_OFF}"
        )


def _check_speed(speed: pd.Series) -> None:
    if speed.empty:
        return
    median, largest = speed.median(), speed.max()
    if median > MAX_MEDIAN_SPEED:
        raise ValueError(
            f"u, v: must be m/s, got a median speed of {median:.3g}, which looks like "
            f"km/h. Divide by 3.6. {_OFF}"
        )
    if (speed > MAX_SPEED).mean() > OUTLIERS:
        raise ValueError(
            f"u, v: must be m/s, at most {MAX_SPEED:g}, got a speed of {largest:.3g}. "
            f"Convert the unit, or leave wrong values empty. {_OFF}"
        )
