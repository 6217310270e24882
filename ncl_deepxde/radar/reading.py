"""Read profiles from files, whose format is found by their content."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from ..files import PathLike
from . import _archive, _odim, _tables
from ._extract import Extract
from ._filter import Filter
from ._positions import Positions, load_positions
from .profiles import Profiles

__all__ = ["CORRECTIONS", "read"]

CORRECTIONS = ("bird-fraction", "antenna-height")
ENDS = (".csv", ".csv.gz", ".h5")


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
    """Read vertical profiles of birds from files of the formats of ``radar``.

    Args:
        paths: A file, a folder or a pattern such as ``"2023/**/*.h5"``, or several. A
            folder without an archive stands for its ``*.csv``, ``*.csv.gz`` and
            ``*.h5``.
        start: First time to read, such as ``"2018-04-05T12:00"``.
        end: First time after those to read.
        radars: Names of the radars to read; by default all.
        positions: (lon, lat) in degrees by radar, or a file of them (JSON with
            ``radars: [{id, coordinates}]``, or CSV), for tables without. By default
            the files ``NAME_radars.json`` and ``NAME_radar_metadata.csv`` beside a
            table ``NAME_....csv``.
        measured: Table of two bands that tells which profiles were measured: a profile
            of zeros in the 20 minutes of one of its rows has no birds, and is kept.
        corrections: Steps of the code released with LFlow, for comparison only: the
            archive's densities are those of birds and its altitudes above sea level
            already. ``"bird-fraction"`` multiplies the density by the fraction of
            birds, ``"antenna-height"`` adds the height of the antenna to the altitude.
        conflicts: ``"error"``, or ``"first"`` to keep the first of several different
            rows of the same radar, time and altitude, in the order of the files. Two
            scans of one nominal time make such rows, in VPTS CSV and in ODIM HDF5.
        check_units: Whether to check that the values are plausible in their units.
            Densities above 1e5 birds/km^3 and speeds above 100 m/s become missing; more
            than 1 % of them are an error.

    Returns:
        The profiles; ``print(profiles.summary())`` tells what was left out and why.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A file is empty, truncated or of no known format, or its values
            cannot be right.
        ImportError: h5py is not installed, and a file is HDF5.
    """
    wanted = Filter.of(start, end, radars)
    steps = _check_corrections(corrections)
    known = load_positions(positions)
    slots = None if measured is None else _tables.measured_slots(Path(measured))
    extracts: list[Extract] = []
    for path in _expand(paths):
        if _archive.is_archive(path):
            extracts += _archive.read_archive(path, wanted, steps)
        elif _odim.is_hdf5(path):
            extracts.append(_odim.read_profile(path, wanted, known, steps))
        else:
            extracts.append(_tables.read_table(path, wanted, known, slots, steps))
    wanted.check(name for extract in extracts for name in extract.radars)
    return _joined(extracts, conflicts, check_units)


def _joined(extracts: list[Extract], conflicts: str, check_units: bool) -> Profiles:
    left_out: Counter[str] = Counter()
    for extract in extracts:
        left_out.update(extract.left_out)
    filled = [extract.rows for extract in extracts if len(extract.rows)]
    if not filled:
        found = ", ".join(f"{n:,} {why}" for why, n in left_out.items() if n)
        raise ValueError(
            f"profiles: no row is left: {found or 'the files are empty'}. Ask for "
            "other times or radars, or give other files."
        )
    return Profiles.of(
        pd.concat(filled, ignore_index=True),
        left_out=left_out,
        notes=dict.fromkeys(note for extract in extracts for note in extract.notes),
        conflicts=conflicts,
        check_units=check_units,
    )


def _check_corrections(corrections: Iterable[str]) -> frozenset[str]:
    steps = frozenset([corrections] if isinstance(corrections, str) else corrections)
    if not steps <= set(CORRECTIONS):
        raise ValueError(
            f"corrections: must be some of {CORRECTIONS}, got {sorted(steps)}. Leave "
            "them out for true densities and altitudes."
        )
    return steps


def _expand(paths: PathLike | Iterable[PathLike]) -> list[Path]:
    """Return files and archive folders; a folder of files becomes its files."""
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not given:
        raise ValueError("paths: must name at least one file, got none. Give one.")
    found: list[Path] = []
    for path in (path for name in given for path in _matching(name)):
        if path.is_dir() and not _archive.is_archive(path):
            files = sorted(file for end in ENDS for file in path.glob(f"*{end}"))
            if not files:
                raise ValueError(
                    f"{path}: must hold dc_<radar>.json and time.json, or files "
                    f"{', '.join(ENDS)}; found none. For those of folders in it, give "
                    f"'{path}/**/*.h5'."
                )
            found += files
        else:
            found.append(path)
    return found


def _matching(name: PathLike) -> list[Path]:
    """Return the path of a name, or those that match a pattern, sorted."""
    path = Path(name)
    if path.exists():
        return [path]
    matches = sorted(map(Path, glob.glob(str(path), recursive=True)))
    if not matches:
        raise FileNotFoundError(f"{path}: no such file or folder. Check the name.")
    return matches
