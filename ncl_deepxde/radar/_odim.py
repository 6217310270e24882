r"""ODIM HDF5 (OPERA): one profile of one radar per file, as vol2bird writes it.

A quantity is stored in ``dataset1/dataN/data`` as integers or numbers :math:`c` with

.. math:: q = \text{offset} + \text{gain}\cdot c,

but for two values of :math:`c`: ``nodata``, where the radar did not look, and
``undetect``, where it saw too little to tell. Both are missing here, as in VPTS CSV.
``HGHT`` is the lower edge of a bin, ``where/interval`` its height.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from ..arrays import Array
from ._extract import Extract
from ._filter import Filter
from ._positions import Positions

__all__ = ["is_hdf5", "read_profile"]

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MOST_LEVELS = 10_000
"""Bins of a profile; more are no profile, and would fill the memory."""


_DAMAGE = (OSError, RuntimeError, KeyError, AttributeError, TypeError, ValueError)


class _NotOdimError(ValueError):
    """What is missing in a file, in words."""


def is_hdf5(path: Path) -> bool:
    """Tell by its first bytes whether a file is HDF5."""
    with path.open("rb") as file:
        return file.read(len(SIGNATURE)) == SIGNATURE


def read_profile(
    path: Path, wanted: Filter, positions: Positions, steps: frozenset[str]
) -> Extract:
    """Return the rows of one vertical profile.

    The time is the nominal one, ``what/date`` and ``what/time``; the name of the file
    may say another. The radar is named by the part NOD of ``what/source``, else by RAD
    or WMO.

    Args:
        path: The file.
        wanted: The times and radars asked for.
        positions: Positions of radars, which come before that of the file.
        steps: Names among ``CORRECTIONS``.

    Raises:
        ImportError: h5py is not installed.
        ValueError: The file is damaged, or holds no vertical profile of ODIM.
    """
    if "bird-fraction" in steps:
        raise ValueError(
            f"corrections: bird-fraction needs the fraction of birds, which {path} "
            "does not have. Only the archive Zenodo 4587338 has."
        )
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as file:
            rows = _rows(file, positions, "antenna-height" in steps)
    except _NotOdimError as error:
        raise ValueError(
            f"{path}: must be a vertical profile of ODIM HDF5, as vol2bird writes it; "
            f"{error}. Leave it out, or convert it to VPTS CSV."
        ) from error
    except _DAMAGE as error:
        raise ValueError(
            f"{path}: the HDF5 data are truncated or damaged ({error}). Get the file "
            "again."
        ) from error
    names = [str(rows["radar"].iloc[0])]
    rows, left_out = wanted.apply(rows)
    return Extract(rows, names, left_out)


def _rows(file: Any, positions: Positions, above_antenna: bool) -> pd.DataFrame:
    _check_object(file)
    radar = _radar(_text(_need(file, "what", "source")))
    place = {name: float(_need(file, "where", name)) for name in ("lon", "lat")}
    if radar in positions:
        place["lon"], place["lat"] = positions[radar]
    width = float(_need(file, "where", "interval"))
    found = _quantities(file)
    lower = found.get("HGHT")
    if lower is None:
        raise _NotOdimError("dataset1 has no heights (HGHT)")
    if not found.keys() & {"dens", "u", "v"}:
        raise _NotOdimError(
            f"dataset1 has neither dens nor u and v, but {', '.join(sorted(found))}"
        )
    antenna = float(_need(file, "where", "height")) if above_antenna else 0.0
    missing = np.full(len(lower), np.nan)
    return pd.DataFrame(
        {
            "radar": radar,
            **place,
            "time": _time(file),
            "altitude": lower + width / 2 + antenna,
            "width": width,
            **{name: found.get(name, missing) for name in ("dens", "u", "v")},
        }
    )


def _check_object(file: Any) -> None:
    groups = [name for name in ("what", "where", "dataset1") if name not in file]
    if groups:
        raise _NotOdimError(f"it has no group {', '.join(groups)}")
    kind = _text(_need(file, "what", "object"))
    if kind != "VP":
        raise _NotOdimError(f"what/object is {kind!r}, not 'VP'")


def _quantities(file: Any) -> dict[str, Array]:
    """Return the columns of the first dataset by name, (levels,) each."""
    found: dict[str, Array] = {}
    for name, group in file["dataset1"].items():
        if name.startswith("data") and "data" in group:
            what = _Described(file, group)
            found[_text(what["quantity"])] = _column(group["data"], what)
    sizes = {len(column) for column in found.values()}
    if len(sizes) != 1:
        raise _NotOdimError(f"its quantities have {sorted(sizes)} levels")
    return found


def _column(data: Any, what: _Described) -> Array:
    """Apply the formula of the module to one quantity."""
    if data.size > MOST_LEVELS:
        raise _NotOdimError(f"{data.name} has {data.size:,} values, as no profile has")
    code = np.asarray(data, dtype=np.float64).ravel()
    known = np.isfinite(code)
    for mark in ("nodata", "undetect"):
        known &= code != float(what[mark])
    values = float(what["offset"]) + float(what["gain"]) * code
    return np.where(known, values, np.nan)


class _Described:
    """Attributes of a quantity: its own, else those of the dataset, else the file's."""

    def __init__(self, file: Any, group: Any) -> None:
        self._levels = [group, file["dataset1"], file]
        self._name = group.name

    def __getitem__(self, key: str) -> Any:
        for level in self._levels:
            if "what" in level and key in level["what"].attrs:
                return level["what"].attrs[key]
        if key in _DEFAULTS:
            return _DEFAULTS[key]
        raise _NotOdimError(f"{self._name}/what has no {key}")


_DEFAULTS = {"gain": 1.0, "offset": 0.0, "nodata": np.nan, "undetect": np.nan}


def _need(file: Any, group: str, key: str) -> Any:
    if key not in file[group].attrs:
        raise _NotOdimError(f"{group} has no {key}")
    return file[group].attrs[key]


def _time(file: Any) -> pd.Timestamp:
    date, time = (_text(_need(file, "what", key)) for key in ("date", "time"))
    try:
        return pd.to_datetime(date + time, format="%Y%m%d%H%M%S", utc=True)
    except ValueError as error:
        raise _NotOdimError(f"what/date and time are {date!r} and {time!r}") from error


def _radar(source: str) -> str:
    """Return the name in a source such as ``WMO:06410,RAD:BE42,NOD:bejab``."""
    parts = dict(part.split(":", 1) for part in source.split(",") if ":" in part)
    for key in ("NOD", "RAD", "WMO"):
        if parts.get(key):
            return parts[key]
    raise _NotOdimError(f"what/source names no radar: {source!r}")


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _h5py() -> ModuleType:
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise ImportError(
            "ncl_deepxde.radar: needs h5py for ODIM HDF5, which is not installed. Run "
            "pip install 'ncl-deepxde[birds]'.",
            name="h5py",
        ) from error
