"""Tables of profiles: VPTS CSV, and the plain ones of the ENRAM case studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class _Format:
    """How to get rows from a table with certain columns, and what its zeros mean."""

    columns: tuple[str, ...]
    parse: Callable[[pd.DataFrame, _Source], pd.DataFrame]
    settle: Callable[[Part, _Source], Part]


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
    form = _find_format(table, path)
    rows = form.parse(table, source)
    names = sorted(rows["radar"].dropna().unique())
    rows, left_out = wanted.apply(rows)
    return form.settle(Part(rows.copy(), names, left_out), source)


def measured_slots(path: Path) -> pd.MultiIndex:
    """Return the radars and slots of 20 minutes that a table of two bands knows."""
    table = load_table(path)
    require(table, ["radar_id", "interval_start_time"], path)
    slot = times(table["interval_start_time"], path).dt.floor(SLOT)
    return pd.MultiIndex.from_arrays([table["radar_id"], slot]).unique()


def _find_format(table: pd.DataFrame, path: Path) -> _Format:
    def share(form: _Format) -> float:
        return len(set(form.columns) & set(table.columns)) / len(form.columns)

    best = max(_FORMATS, key=share)
    if share(best) < 0.5:
        formats = "; ".join(", ".join(form.columns) for form in _FORMATS)
        raise ValueError(
            f"{path}: no known table, with the columns {', '.join(table.columns)}. "
            f"Known tables have the columns {formats}; and density and velocity."
        )
    require(table, best.columns, path)
    return best


def _parse_vpts(table: pd.DataFrame, source: _Source) -> pd.DataFrame:
    """``height`` is the lower edge of the bin: add half the bin."""
    lower = numbers(table, "height", source.path)
    altitude = lower + lower.groupby(table["radar"]).transform(_bin_height) / 2
    altitude += _antenna_height(table, source)
    rows = _rows(table, source, ("radar", "datetime", "dens", "u", "v"), altitude)
    return _placed(rows, table, ("radar_longitude", "radar_latitude"), source)


def _bin_height(lower: pd.Series) -> float:
    edges = np.sort(lower.dropna().unique())
    return float(np.median(np.diff(edges))) if len(edges) > 1 else BIN


def _antenna_height(table: pd.DataFrame, source: _Source) -> pd.Series | float:
    """Return what the correction ``antenna-height`` adds."""
    if "antenna-height" not in source.steps:
        return 0.0
    if "radar_height" not in table:
        raise ValueError(
            "corrections: antenna-height needs the column radar_height, which "
            f"{source.path} does not have."
        )
    return numbers(table, "radar_height", source.path)


def _parse_profiles(table: pd.DataFrame, source: _Source) -> pd.DataFrame:
    altitude = numbers(table, "altitude_m", source.path)
    altitude += _antenna_height(table, source)
    columns = ("radar", "time_utc", "dens_per_km3", "u_m_s", "v_m_s")
    rows = _rows(table, source, columns, altitude)
    return _placed(rows, table, ("lon", "lat"), source)


def _parse_bands(table: pd.DataFrame, source: _Source) -> pd.DataFrame:
    dens = "avg_dens" if "avg_dens" in table else "avg_bird_density"
    altitude = _band_centers(table, dens, source.path) + _antenna_height(table, source)
    columns = ("radar_id", "interval_start_time", dens, "avg_u_speed", "avg_v_speed")
    return _placed(_rows(table, source, columns, altitude), table, (), source)


def _settle_profiles(part: Part, source: _Source) -> Part:
    """Leave out profiles that are zero throughout, but for those that were measured."""
    rows = part.rows
    is_zero = (rows[["dens", "u", "v"]] == 0).all(axis=1)
    missing = is_zero.groupby([rows["radar"], rows["time"]]).transform("all")
    if source.slots is not None:
        slot = rows["time"].dt.floor(SLOT)
        pairs = pd.MultiIndex.from_arrays([rows["radar"], slot])
        missing &= ~pairs.isin(source.slots)
    left_out = {**part.left_out, ALL_ZERO: int(missing.sum())}
    kept = replace(part, rows=rows[~missing].copy(), left_out=left_out)
    return _settle_velocity(kept, source)


def _settle_bands(part: Part, source: _Source) -> Part:
    """A density of zero was measured; a smallest one above 1 is a threshold."""
    smallest = part.rows["dens"].min()
    if smallest >= 1:
        note = (
            f"{source.path.name}: no density under {smallest:.3g} birds/km^3 (censored)"
            "; an absent row is not zero"
        )
        part = replace(part, notes=[*part.notes, note])
    return _settle_velocity(part, source)


def _settle_velocity(part: Part, source: _Source) -> Part:
    """A velocity of exactly zero was none: fewer than 1 bird per km^3, or rain."""
    rows = part.rows
    still = (rows["u"] == 0) & (rows["v"] == 0)
    if not still.any():
        return part
    rows.loc[still, ["u", "v"]] = np.nan
    birds = int((still & (rows["dens"] > 0)).sum())
    note = (
        f"{source.path.name}: {still.sum():,} velocities of exactly (0, 0), {birds:,} "
        "of them with birds, stand for missing"
    )
    return replace(part, notes=[*part.notes, note])


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
    """Add positions: those asked for, else the table's, else those beside the file."""
    own = pd.DataFrame(np.nan, index=rows.index, columns=["lon", "lat"])
    for column, name in zip(own, names, strict=False):
        own[column] = numbers(table, name, source.path)
    found = _look_up(rows["radar"], source.positions)
    for more in (own, _look_up(rows["radar"], find_positions(source.path))):
        unknown = found.isna().any(axis=1)
        found.loc[unknown] = more.loc[unknown]
    return rows.join(found)


def _look_up(radar: pd.Series, positions: Positions) -> pd.DataFrame:
    return pd.DataFrame(
        {
            column: radar.map({name: at[axis] for name, at in positions.items()})
            for axis, column in enumerate(("lon", "lat"))
        },
        dtype="float64",
    )


_FORMATS = (
    _Format(("radar", "datetime", "height"), _parse_vpts, lambda part, _: part),
    _Format(("radar", "time_utc", "altitude_m"), _parse_profiles, _settle_profiles),
    _Format(
        ("radar_id", "interval_start_time", "altitude_band"),
        _parse_bands,
        _settle_bands,
    ),
)
