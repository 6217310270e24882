"""Tables of profiles: VPTS CSV, and the plain ones of the ENRAM case studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ._extract import Extract
from ._files import load_table, numbers, require, times
from ._filter import Filter
from ._positions import Positions, find_positions

__all__ = ["measured_slots", "read_table"]

SLOT = "20min"  # the profiles of the case studies are means over 20 minutes
BIN = 200.0  # m, the height of a bin where a profile has only one
BANDS = (200.0, 1600.0, 4000.0)  # m above sea level, edges of the two bands

ALL_ZERO = "profile of zeros, which stands for missing"


@dataclass(frozen=True)
class _Source:
    """Where a table comes from, and what the user says about it."""

    path: Path
    positions: Positions
    slots: pd.MultiIndex | None
    steps: frozenset[str]


@dataclass(frozen=True)
class _Format:
    """A format: its columns, how they become rows, and what its zeros mean."""

    columns: tuple[str, ...]
    parse: Callable[[pd.DataFrame, _Source], pd.DataFrame]
    settle: Callable[[Extract, _Source], Extract]


def read_table(
    path: Path,
    wanted: Filter,
    positions: Positions,
    slots: pd.MultiIndex | None,
    steps: frozenset[str],
) -> Extract:
    """Return the rows of one table; its columns tell the format.

    Args:
        path: The table.
        wanted: The times and radars asked for.
        positions: Positions of radars, which come before those of the table.
        slots: Radars and slots of 20 minutes that were measured; None where unknown.
        steps: Names among ``CORRECTIONS``.

    Raises:
        ValueError: The table is damaged or of no known format.
    """
    table = load_table(path)
    source = _Source(path, positions, slots, steps)
    form = _find_format(table, path)
    rows = form.parse(table, source)
    names = sorted(rows["radar"].dropna().unique())
    rows, left_out = wanted.apply(rows)
    return form.settle(Extract(rows.copy(), names, left_out), source)


def measured_slots(path: Path) -> pd.MultiIndex:
    """Return the radars and slots of 20 minutes in a table of two bands."""
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
            f"{path}: must be a known table, got the columns "
            f"{', '.join(table.columns)}. Known tables have the columns {formats}; and "
            "density and velocity."
        )
    require(table, best.columns, path)
    return best


def _parse_vpts(table: pd.DataFrame, source: _Source) -> pd.DataFrame:
    """Return the rows of VPTS CSV, whose ``height`` is the lower edge of the bin."""
    lower = numbers(table, "height", source.path)
    width = _widths(lower, table["radar"])
    altitude = lower + width / 2 + _antenna_height(table, source)
    rows = _rows(
        table, source, ("radar", "datetime", "dens", "u", "v"), altitude, width
    )
    return _placed(rows, table, ("radar_longitude", "radar_latitude"), source)


def _widths(level: pd.Series, radar: pd.Series) -> pd.Series:
    """Return the height of each row's bin, the distance of its radar's levels, in m."""
    return level.groupby(radar).transform(_bin_height)


def _bin_height(lower: pd.Series) -> float:
    edges = np.sort(lower.dropna().unique())
    return float(np.median(np.diff(edges))) if len(edges) > 1 else BIN


def _antenna_height(table: pd.DataFrame, source: _Source) -> pd.Series | float:
    """Return the heights that the correction ``antenna-height`` adds."""
    if "antenna-height" not in source.steps:
        return 0.0
    if "radar_height" not in table:
        raise ValueError(
            "corrections: antenna-height needs the column radar_height, which "
            f"{source.path} does not have."
        )
    return numbers(table, "radar_height", source.path)


def _parse_profiles(table: pd.DataFrame, source: _Source) -> pd.DataFrame:
    center = numbers(table, "altitude_m", source.path)
    width = _widths(center, table["radar"])
    altitude = center + _antenna_height(table, source)
    columns = ("radar", "time_utc", "dens_per_km3", "u_m_s", "v_m_s")
    rows = _rows(table, source, columns, altitude, width)
    return _placed(rows, table, ("lon", "lat"), source)


def _parse_bands(table: pd.DataFrame, source: _Source) -> pd.DataFrame:
    dens = "avg_dens" if "avg_dens" in table else "avg_bird_density"
    center, width = _bands(table, dens, source.path)
    altitude = center + _antenna_height(table, source)
    columns = ("radar_id", "interval_start_time", dens, "avg_u_speed", "avg_v_speed")
    return _placed(_rows(table, source, columns, altitude, width), table, (), source)


def _settle_profiles(extract: Extract, source: _Source) -> Extract:
    """Leave out profiles that are zero throughout, unless they were measured."""
    rows = extract.rows
    is_zero = (rows[["dens", "u", "v"]] == 0).all(axis=1)
    missing = is_zero.groupby([rows["radar"], rows["time"]]).transform("all")
    if source.slots is not None:
        slot = rows["time"].dt.floor(SLOT)
        pairs = pd.MultiIndex.from_arrays([rows["radar"], slot])
        missing &= ~pairs.isin(source.slots)
    left_out = {**extract.left_out, ALL_ZERO: int(missing.sum())}
    kept = replace(extract, rows=rows[~missing].copy(), left_out=left_out)
    return _settle_velocity(kept, source)


def _settle_bands(extract: Extract, source: _Source) -> Extract:
    """Keep densities of zero, and note where the smallest one is a threshold."""
    smallest = extract.rows["dens"].min()
    if smallest >= 1:
        note = (
            f"{source.path.name}: no density under {smallest:.3g} birds/km^3 (censored)"
            "; an absent row is not zero"
        )
        extract = replace(extract, notes=[*extract.notes, note])
    return _settle_velocity(extract, source)


def _settle_velocity(extract: Extract, source: _Source) -> Extract:
    """Make velocities of exactly zero missing: too few birds, or rain."""
    rows = extract.rows
    still = (rows["u"] == 0) & (rows["v"] == 0)
    if not still.any():
        return extract
    rows.loc[still, ["u", "v"]] = np.nan
    birds = int((still & (rows["dens"] > 0)).sum())
    note = (
        f"{source.path.name}: {still.sum():,} velocities of exactly (0, 0), {birds:,} "
        "of them with birds, stand for missing"
    )
    return replace(extract, notes=[*extract.notes, note])


def _bands(table: pd.DataFrame, dens: str, path: Path) -> tuple[pd.Series, pd.Series]:
    """Return the altitude of the center and the height of each row's band, 1 or 2.

    Where the table has it, the ratio of the density per area to the density per volume
    tells how high the upper band is.
    """
    band = numbers(table, "altitude_band", path)
    wrong = band.notna() & ~band.isin([1, 2])
    if wrong.any():
        raise ValueError(
            f"{path}: altitude_band must be 1 or 2, got {band[wrong].iloc[0]:g}. Leave "
            "out other bands."
        )
    bottom, middle, top = BANDS
    area = numbers(table, "vertical_integrated_density", path)
    ratio = (area / numbers(table, dens, path))[(band == 2) & (area > 0)]
    if ratio.notna().any():
        top = middle + 1000 * round(float(ratio.median()), 1)
    center = band.map({1: (bottom + middle) / 2, 2: (middle + top) / 2})
    return center, band.map({1: middle - bottom, 2: top - middle})


def _rows(
    table: pd.DataFrame,
    source: _Source,
    columns: tuple[str, ...],
    altitude: pd.Series,
    width: pd.Series,
) -> pd.DataFrame:
    """Return the columns of ``Profiles.rows`` but for the position."""
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
            "width": width,
            "dens": dens,
            "u": u,
            "v": v,
        }
    )


def _placed(
    rows: pd.DataFrame, table: pd.DataFrame, names: tuple[str, ...], source: _Source
) -> pd.DataFrame:
    """Add positions: those given, else the table's, else those beside the file."""
    inside = pd.DataFrame(np.nan, index=rows.index, columns=["lon", "lat"])
    for column, name in zip(inside, names, strict=False):
        inside[column] = numbers(table, name, source.path)
    found = _look_up(rows["radar"], source.positions)
    for more in (inside, _look_up(rows["radar"], find_positions(source.path))):
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
    _Format(("radar", "datetime", "height"), _parse_vpts, lambda extract, _: extract),
    _Format(("radar", "time_utc", "altitude_m"), _parse_profiles, _settle_profiles),
    _Format(
        ("radar_id", "interval_start_time", "altitude_band"),
        _parse_bands,
        _settle_bands,
    ),
)
