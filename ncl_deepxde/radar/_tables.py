"""Tables of profiles: VPTS CSV, and the plain ones of the ENRAM case studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ._files import load_table, numbers, require, times
from ._part import Filter, Part
from ._positions import Positions, find_positions

SLOT = "20min"  # the profiles of the case studies are means over 20 minutes
BIN = 200.0  # m, the height of a bin where a profile has only one
BANDS = (200.0, 1600.0, 4000.0)  # m above sea level, edges of the two bands

ALL_ZERO = "profile of zeros, which stands for missing"


@dataclass(frozen=True)
class _Source:
    """What a reader of one format needs besides its table."""

    path: Path
    positions: Positions
    slots: pd.MultiIndex | None
    steps: frozenset[str]


type _Reader = Callable[[pd.DataFrame, _Source], Part]


def read_table(
    path: Path,
    wanted: Filter,
    positions: Positions,
    slots: pd.MultiIndex | None,
    steps: frozenset[str],
) -> Part:
    """Read one table; its columns tell the format."""
    table = load_table(path)
    source = _Source(path, positions, slots, steps)
    part = _find_reader(table, path)(table, source)
    rows, counts = wanted.apply(part.rows)
    return Part(rows, part.radars, {**part.left_out, **counts}, part.notes)


def measured_slots(path: Path) -> pd.MultiIndex:
    """Return the radars and slots of 20 minutes that a table of two bands knows."""
    table = load_table(path)
    require(table, ["radar_id", "interval_start_time"], path)
    slot = times(table["interval_start_time"], path).dt.floor(SLOT)
    return pd.MultiIndex.from_arrays([table["radar_id"], slot]).unique()


def _find_reader(table: pd.DataFrame, path: Path) -> _Reader:
    shared = {key: len(set(key) & set(table.columns)) for key in _READERS}
    best = max(_READERS, key=lambda key: shared[key] / len(key))
    if shared[best] < len(best) // 2:
        formats = "; ".join(f"{', '.join(key)}" for key in _READERS)
        raise ValueError(
            f"{path}: no known table, with the columns {', '.join(table.columns)}. "
            f"Known tables have the columns {formats}; and density and velocity."
        )
    require(table, best, path)
    return _READERS[best]


def _read_vpts(table: pd.DataFrame, source: _Source) -> Part:
    """``height`` is the lower edge of the bin: add half the bin."""
    lower = numbers(table, "height", source.path)
    edges = np.sort(lower.dropna().unique())
    height = float(np.median(np.diff(edges))) if len(edges) > 1 else BIN
    altitude = lower + height / 2
    if "antenna-height" in source.steps:
        require(table, ["radar_height"], source.path)
        altitude += numbers(table, "radar_height", source.path)
    rows = _rows(table, source, ("radar", "datetime", "dens", "u", "v"), altitude)
    names = ("radar_longitude", "radar_latitude")
    return _part(_placed(rows, table, names, source))


def _read_profiles(table: pd.DataFrame, source: _Source) -> Part:
    altitude = numbers(table, "altitude_m", source.path)
    columns = ("radar", "time_utc", "dens_per_km3", "u_m_s", "v_m_s")
    rows = _rows(table, source, columns, altitude)
    rows = _placed(rows, table, ("lon", "lat"), source)
    is_zero = (rows[["dens", "u", "v"]] == 0).all(axis=1)
    missing = is_zero.groupby([rows["radar"], rows["time"]]).transform("all")
    if source.slots is not None:
        slot = rows["time"].dt.floor(SLOT)
        pairs = pd.MultiIndex.from_arrays([rows["radar"], slot])
        missing &= ~pairs.isin(source.slots)
    rows, notes = _without_zero_velocity(rows[~missing].copy(), source.path)
    return _part(rows, notes, {ALL_ZERO: int(missing.sum())})


def _read_bands(table: pd.DataFrame, source: _Source) -> Part:
    """A velocity of 0 was none: no bird density of 1, or rain."""
    dens = "avg_dens" if "avg_dens" in table else "avg_bird_density"
    altitude = _band_centers(table, dens, source.path)
    columns = ("radar_id", "interval_start_time", dens, "avg_u_speed", "avg_v_speed")
    rows = _rows(table, source, columns, altitude)
    rows = _placed(rows, table, (), source)
    rows, notes = _without_zero_velocity(rows, source.path)
    smallest = rows["dens"].min()
    if smallest >= 1:
        notes.append(
            f"{source.path.name}: no density under {smallest:.3g} birds/km^3 (censored)"
            "; an absent row is not zero"
        )
    return _part(rows, notes)


def _band_centers(table: pd.DataFrame, dens: str, path: Path) -> pd.Series:
    """Return the altitude of the center of each row's band, 1 or 2.

    Where the table has it, the ratio of the density per area to the density per volume
    tells how high the upper band is.
    """
    band = numbers(table, "altitude_band", path)
    wrong = band.notna() & ~band.isin([1, 2])
    if wrong.any():
        raise ValueError(
            f"{path}: altitude_band must be 1 or 2, got {band[wrong].iloc[0]:g}."
        )
    bottom, middle, top = BANDS
    area = numbers(table, "vertical_integrated_density", path)
    ratio = (area / numbers(table, dens, path))[(band == 2) & (area > 0)]
    if ratio.notna().any():
        top = middle + 1000 * round(float(ratio.median()), 1)
    return band.map({1: (bottom + middle) / 2, 2: (middle + top) / 2})


def _rows(
    table: pd.DataFrame, source: _Source, columns: tuple[str, ...], altitude: pd.Series
) -> pd.DataFrame:
    """Return the columns of profiles but for the position."""
    if "bird-fraction" in source.steps:
        raise ValueError(
            f"corrections: bird-fraction needs the fraction of birds, which "
            f"{source.path} does not have. Only the archive Zenodo 4587338 has."
        )
    if "antenna-height" in source.steps and "radar_height" not in table:
        raise ValueError(
            f"corrections: antenna-height needs the height of the antenna, which "
            f"{source.path} does not have."
        )
    radar, time, *values = columns
    if not set(values) & set(table.columns):
        raise ValueError(
            f"{source.path}: must have a density or a velocity, in the columns "
            f"{', '.join(values)}; all missing."
        )
    dens, u, v = (numbers(table, name, source.path) for name in values)
    return pd.DataFrame(
        {
            "radar": table[radar],
            "time": times(table[time], source.path),
            "altitude": altitude,
            "dens": dens,
            "u": u,
            "v": v,
        }
    )


def _placed(
    rows: pd.DataFrame, table: pd.DataFrame, names: tuple[str, ...], source: _Source
) -> pd.DataFrame:
    """Add positions: those asked for, then the table's, then those beside the file."""
    beside = find_positions(source.path)
    for axis, column in enumerate(("lon", "lat")):
        known = numbers(table, names[axis], source.path) if names else np.nan
        for places in (beside, source.positions):
            given = rows["radar"].map({name: at[axis] for name, at in places.items()})
            first = given.astype("float64")
            known = (
                first.fillna(known)
                if places is source.positions
                else pd.Series(known, index=rows.index).fillna(first)
            )
        rows[column] = known
    return rows


def _without_zero_velocity(
    rows: pd.DataFrame, path: Path
) -> tuple[pd.DataFrame, list[str]]:
    still = (rows["u"] == 0) & (rows["v"] == 0)
    rows.loc[still, ["u", "v"]] = np.nan
    birds = int((still & (rows["dens"] > 0)).sum())
    note = (
        f"{path.name}: {still.sum():,} velocities of exactly (0, 0), {birds:,} of them "
        "with birds, stand for missing"
    )
    return rows, [note] if still.any() else []


def _part(
    rows: pd.DataFrame,
    notes: list[str] | None = None,
    left_out: dict[str, int] | None = None,
) -> Part:
    names = sorted(rows["radar"].dropna().unique())
    return Part(rows, names, left_out or {}, notes or [])


_READERS: dict[tuple[str, ...], _Reader] = {
    ("radar", "datetime", "height"): _read_vpts,
    ("radar", "time_utc", "altitude_m"): _read_profiles,
    ("radar_id", "interval_start_time", "altitude_band"): _read_bands,
}
