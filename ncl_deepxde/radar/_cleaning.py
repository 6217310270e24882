"""Checks and repairs of a table of profiles, whatever file it came from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ._files import numbers, times
from ._units import check_plausible

__all__ = ["COLUMNS", "clean"]

COLUMNS = ("radar", "lon", "lat", "time", "altitude", "width", "dens", "u", "v")
OPTIONAL = "width"
KEY = ["radar", "time", "altitude"]
VALUES = ["dens", "u", "v"]
SAME_PLACE = 0.05  # degrees: two sources may round a position differently


def clean(
    frame: pd.DataFrame, *, conflicts: str, check_units: bool
) -> tuple[pd.DataFrame, dict[str, int], list[str]]:
    """Return sorted rows, the numbers of rows left out by reason, and notes.

    Args:
        frame: Rows in any order, with the columns ``COLUMNS``; ``width``
            may be absent.
        conflicts: ``"error"``, or ``"first"`` to keep the first of different values.
        check_units: Whether to check that the values are plausible.

    Raises:
        ValueError: A column is missing, a value cannot be right, or no row is left.
    """
    if conflicts not in ("error", "first"):
        raise ValueError(f"conflicts: must be 'error' or 'first', got {conflicts!r}.")
    missing = [name for name in COLUMNS if name not in (*frame, OPTIONAL)]
    if missing:
        raise ValueError(
            f"rows: must have the columns {', '.join(COLUMNS)}; {', '.join(missing)} "
            "missing. Rename or add them."
        )
    rows, notes = _typed(frame)
    if check_units:
        rows, outliers = check_plausible(rows)
        notes += outliers
    rows, left_out = _complete(rows)
    rows = _one_place(rows)
    rows, copies = _unique(rows, conflicts)
    rows = rows.sort_values(KEY, ignore_index=True)
    return rows, left_out | copies, notes


def _typed(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    rows = frame.reindex(columns=list(COLUMNS))
    for name in ("lon", "lat", "altitude", "width", *VALUES):
        rows[name] = numbers(rows, name, "rows")
    rows["radar"] = rows["radar"].map(str, na_action="ignore").astype("object")
    rows["time"] = times(rows["time"], "rows")
    half = rows["u"].isna() != rows["v"].isna()
    rows.loc[half, ["u", "v"]] = np.nan
    notes = f"{half.sum():,} velocities with one missing component are missing"
    return rows, [notes] if half.any() else []


def _complete(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Leave out rows without a radar, a position, a time, an altitude or a value."""
    reasons = {
        "no radar": rows["radar"].isna() | (rows["radar"] == ""),
        "radar without position": rows["lon"].isna()
        | rows["lat"].isna()
        | ((rows["lon"] == 0) & (rows["lat"] == 0)),
        "no time": rows["time"].isna(),
        "no altitude": rows["altitude"].isna(),
        "neither density nor velocity": rows[VALUES].isna().all(axis=1),
    }
    keep = pd.Series(True, index=rows.index)
    left_out: dict[str, int] = {}
    for reason, mask in reasons.items():
        names = sorted(set(rows.loc[keep & mask, "radar"].dropna().astype(str)))
        count = int((keep & mask).sum())
        if "position" in reason and names:
            reason += f" ({', '.join(names)})"
        left_out[reason] = count
        keep &= ~mask
    if not keep.any():
        found = ", ".join(f"{n:,} {why}" for why, n in left_out.items() if n)
        raise ValueError(
            f"profiles: no row is left, of {len(rows):,}: {found}. Add what is missing."
        )
    return rows[keep], left_out


def _one_place(rows: pd.DataFrame) -> pd.DataFrame:
    places = rows.groupby("radar")[["lon", "lat"]]
    spread = places.max() - places.min()
    moved = spread[(spread > SAME_PLACE).any(axis=1)]
    if len(moved):
        raise ValueError(
            f"radar: must stand at one place, got {moved.index[0]} with positions "
            f"{moved.iloc[0].max():.2f} degrees apart. Give the places different names."
        )
    first = places.transform("first")
    return rows.assign(lon=first["lon"], lat=first["lat"])


def _unique(rows: pd.DataFrame, conflicts: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Merge rows of the same radar, time and altitude where they do not conflict.

    Rows that agree wherever both have a value become one row with the values of both.
    Where they do not, the first row stays as it is: density and velocity of one row
    belong to one scan.
    """
    several = rows.duplicated(KEY, keep=False)
    if not several.any():
        return rows, {}
    groups = rows[several].groupby(KEY, sort=False)
    different = (groups[VALUES].nunique() > 1).any(axis=1)
    if different.any() and conflicts == "error":
        radar, time, altitude = different.index[different.to_numpy().argmax()]
        raise ValueError(
            f"profiles: each radar, time and altitude must have one value, got several "
            f"for {int(different.sum())} of them, the first {radar} at {time}, "
            f"{altitude:g} m. Remove one, or pass conflicts='first' to keep the first."
        )
    firsts = rows[several].drop_duplicates(KEY).set_index(KEY)
    merged = groups.first().where(~different, firsts, axis=0)
    merged = merged.reset_index()[list(COLUMNS)]
    sizes = groups.size() - 1
    left_out = {
        "copies of another row": int(sizes[~different].sum()),
        "same radar, time and altitude as an earlier row": int(sizes[different].sum()),
    }
    return pd.concat([rows[~several], merged], ignore_index=True), left_out
