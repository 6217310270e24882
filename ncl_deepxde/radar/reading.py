"""Read profiles from files of any of the formats known, found by their content."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from . import _archive, _tables
from ._part import Filter, Part
from ._positions import Positions, load_positions
from .profiles import Profiles

__all__ = ["CORRECTIONS", "read"]

type PathLike = str | os.PathLike[str]

CORRECTIONS = ("bird-fraction", "antenna-height")


def read(
    paths: PathLike | Iterable[PathLike],
    *,
    start: Any = None,
    end: Any = None,
    radars: Iterable[str] | None = None,
    positions: Positions | PathLike | None = None,
    measured: PathLike | None = None,
    corrections: Iterable[str] = (),
    conflicts: str = "error",
    check_units: bool = True,
) -> Profiles:
    """Read vertical profiles of birds from one file or several.

    The format is found by the content. Known are

    - the archive Zenodo 4587338 (https://doi.org/10.5281/zenodo.4587338): the zip, or a
      folder with its ``dc_<radar>.json`` and ``time.json``; one radar in memory;
    - VPTS CSV (https://aloftdata.eu/vpts-csv): ``height`` is the lower edge of a bin,
      and is moved to its center;
    - plain tables of profiles with the columns ``radar, lon, lat, time_utc, altitude_m,
      dens_per_km3, u_m_s, v_m_s``, where missing is written as 0: a profile that is 0
      throughout is missing, and so is a velocity of exactly (0, 0);
    - plain tables of two altitude bands with the columns ``radar_id,
      interval_start_time, altitude_band, avg_u_speed, avg_v_speed`` and a density; the
      altitude is the center of the band.

    Tables may be gzipped. A folder without an archive stands for its ``*.csv`` and
    ``*.csv.gz``. Times without a zone are UTC.

    Args:
        paths: a file or a folder, or several.
        start: leave out earlier times, such as ``"2018-04-05T12:00"``.
        end: leave out this time and later ones.
        radars: names of the radars to read; default: all.
        positions: (lon, lat) in degrees by radar, or a file of them (JSON with
            ``radars: [{id, coordinates}]``, or CSV), for tables without. By default
            ``<first part of the name>_radars.json`` and ``_radar_metadata.csv`` beside
            a table.
        measured: a table of two bands that tells which profiles were measured: a
            profile of zeros in the 20 minutes of one of its rows has no birds, and is
            kept.
        corrections: steps of the code released with LFlow, for comparison only, since
            the archive's densities are of birds and its altitudes above sea level
            already: ``bird-fraction`` multiplies the density by the fraction of birds,
            ``antenna-height`` adds the height of the antenna to the altitude.
        conflicts: ``error``, or ``first`` to keep the first of several different values
            of the same radar, time and altitude.
        check_units: whether to check that the values are plausible in their units.
            Where up to 1 % of the densities are above 1e5 birds/km^3, or of the speeds
            above 100 m/s, these are missing; where more are, it is an error.

    Returns:
        The profiles; ``print(profiles.summary())`` tells what was left out and why.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file that is empty, truncated or of no known format, or values
            that cannot be right.
    """
    wanted = Filter.of(start, end, radars)
    steps = _check_corrections(corrections)
    known = load_positions(positions)
    slots = None if measured is None else _tables.measured_slots(Path(measured))
    parts: list[Part] = []
    for path in _expand(paths):
        if _archive.is_archive(path):
            parts += _archive.read_archive(path, wanted, steps)
        else:
            parts.append(_tables.read_table(path, wanted, known, slots, steps))
    wanted.check(name for part in parts for name in part.radars)
    return _joined(parts, conflicts, check_units)


def _joined(parts: list[Part], conflicts: str, check_units: bool) -> Profiles:
    left_out: Counter[str] = Counter()
    for part in parts:
        left_out.update(part.left_out)
    filled = [part.rows for part in parts if len(part.rows)]
    if not filled:
        found = ", ".join(f"{n:,} {why}" for why, n in left_out.items() if n)
        raise ValueError(f"profiles: no row is left: {found or 'the files are empty'}.")
    return Profiles.of(
        pd.concat(filled, ignore_index=True),
        left_out=left_out,
        notes=dict.fromkeys(note for part in parts for note in part.notes),
        conflicts=conflicts,
        check_units=check_units,
    )


def _check_corrections(corrections: Iterable[str]) -> frozenset[str]:
    steps = frozenset([corrections] if isinstance(corrections, str) else corrections)
    if not steps <= set(CORRECTIONS):
        raise ValueError(
            f"corrections: must be some of {CORRECTIONS}, got {sorted(steps)}."
        )
    return steps


def _expand(paths: PathLike | Iterable[PathLike]) -> list[Path]:
    """Return files and archive folders; a folder of tables becomes its tables."""
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not given:
        raise ValueError("paths: must name at least one file, got none.")
    found: list[Path] = []
    for path in map(Path, given):
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or folder.")
        if path.is_dir() and not _archive.is_archive(path):
            tables = sorted([*path.glob("*.csv"), *path.glob("*.csv.gz")])
            if not tables:
                raise ValueError(
                    f"{path}: must hold dc_<radar>.json and time.json, or *.csv or "
                    "*.csv.gz files; found none."
                )
            found += tables
        else:
            found.append(path)
    return found
