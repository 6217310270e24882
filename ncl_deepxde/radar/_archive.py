"""The archive Zenodo 4587338: a JSON file of matrices for each radar, one of times."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from ..files import DAMAGE, check_unpacked
from ._extract import Extract
from ._files import load, times
from ._filter import Filter

__all__ = ["is_archive", "read_archive"]

ALTITUDES = np.arange(100.0, 5000.0, 200.0)  # m above sea level, centers of 25 bins
WIDTH = 200.0  # m
TIME_FORMAT = "%d-%b-%Y %H:%M:%S"

_KEY = re.compile(rb'"(\w+)"\s*:')


def is_archive(path: Path) -> bool:
    """Tell whether a path is a zip, or a folder with files of radars."""
    if path.is_dir():
        return any(path.rglob("dc_*.json"))
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def read_archive(
    path: Path, wanted: Filter, steps: frozenset[str]
) -> Iterator[Extract]:
    """Yield the rows of one radar after the other; a terminal shows a progress bar.

    Args:
        path: Zip or folder of the archive.
        wanted: The times and radars asked for; files of other radars stay unread.
        steps: Names among ``CORRECTIONS``.
    """
    with _Members(path) as members:
        when = _times(members, path)
        kept = wanted.times(when).to_numpy()
        bar = tqdm(members.radars, desc=path.name, unit="radar", disable=None)
        for name in bar:
            if wanted.has(name):
                file = f"dc_{name}.json"
                record = _Record(members.read(file), f"{path}: {file}")
                yield _extract(record, name, when, kept, steps)
            else:
                size = len(when) * len(ALTITUDES)
                yield Extract(pd.DataFrame(), [name], {"radar not asked for": size})


def _extract(
    record: _Record,
    name: str,
    when: pd.Series,
    kept: NDArray[Any],
    steps: frozenset[str],
) -> Extract:
    shape = len(ALTITUDES), len(when)
    dens, u, v = (record.matrix(key, shape)[:, kept] for key in ("dens", "ub", "vb"))
    altitude = ALTITUDES
    if "bird-fraction" in steps:
        dens = dens * record.matrix("bird", shape)[:, kept]
    if "antenna-height" in steps:
        altitude = altitude + record.number("height")
    known = ~(np.isnan(dens) & (np.isnan(u) | np.isnan(v)))
    bins, columns = np.nonzero(known)
    rows = pd.DataFrame(
        {
            "radar": name,
            "lon": record.number("lon"),
            "lat": record.number("lat"),
            "time": pd.DatetimeIndex(when[kept])[columns],
            "altitude": altitude[bins],
            "width": WIDTH,
            "dens": dens[known],
            "u": u[known],
            "v": v[known],
        }
    )
    left_out = {
        "time not asked for": int((~kept).sum()) * len(ALTITUDES),
        "neither density nor velocity": int((~known).sum()),
    }
    return Extract(rows, [name], left_out)


class _Members:
    """The files of the archive by name, at any depth of a zip or folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip: zipfile.ZipFile | None = None
        self._files: dict[str, str] = {}

    def __enter__(self) -> _Members:
        if self._path.is_dir():
            names = [str(file) for file in sorted(self._path.rglob("*.json"))]
        else:
            try:
                self._zip = zipfile.ZipFile(self._path)
            except DAMAGE as error:
                raise ValueError(
                    f"{self._path}: is a truncated or damaged zip ({error}). Get it "
                    "again with python -m ncl_deepxde.radar download."
                ) from error
            names = self._zip.namelist()
        self._files = {
            PurePosixPath(Path(name).as_posix()).name: name for name in names
        }
        if not self.radars:
            self.__exit__()
            raise ValueError(
                f"{self._path}: must hold files dc_<radar>.json and time.json, got "
                f"{', '.join(names[:5]) or 'nothing'}. Unpack tables first."
            )
        return self

    def __exit__(self, *exception: object) -> None:
        if self._zip is not None:
            self._zip.close()

    @property
    def radars(self) -> list[str]:
        """Sorted names of the radars."""
        names = (re.fullmatch(r"dc_(\w+)\.json", name) for name in self._files)
        return sorted(match[1] for match in names if match)

    def read(self, name: str) -> bytes:
        """Return the content of a file of the archive."""
        if name not in self._files:
            raise ValueError(
                f"{self._path}: must hold {name}, got no such file. Get the archive "
                "again."
            )
        if self._zip is None:
            return load(Path(self._files[name]))
        try:
            check_unpacked(self._zip.getinfo(self._files[name]).file_size)
            return self._zip.read(self._files[name])
        except DAMAGE as error:
            raise ValueError(
                f"{self._path}: {name} is damaged ({error}). Get the archive again."
            ) from error


def _times(members: _Members, path: Path) -> pd.Series:
    data = members.read("time.json")
    try:
        texts = json.loads(data)
    except ValueError as error:
        raise ValueError(
            f"{path}: time.json is truncated or damaged: {error}. Get the archive "
            "again."
        ) from error
    if not (
        isinstance(texts, list) and texts and all(isinstance(t, str) for t in texts)
    ):
        raise ValueError(
            f"{path}: time.json must be a list of times such as 05-Apr-2018 18:00:00."
        )
    return times(pd.Series(texts), path / "time.json", TIME_FORMAT)


class _Record:
    """The values of one radar; a matrix is parsed when it is asked for.

    A file holds some 20 matrices of a million numbers. To parse all of them at once
    would take more than a gigabyte.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self._name = data, name
        last = data.rfind(b"}")
        if last < 0 or data[last + 1 :].strip():
            raise ValueError(
                f"{name}: is truncated, or no JSON. Get the archive again."
            )
        found = list(_KEY.finditer(data))
        ends = [match.start() for match in found[1:]] + [last]
        self._spans = {
            match[1].decode(): (match.end(), end)
            for match, end in zip(found, ends, strict=True)
        }

    def _value(self, key: str) -> Any:
        if key not in self._spans:
            raise ValueError(
                f"{self._name}: must have {key!r}, got {', '.join(self._spans)}."
            )
        start, end = self._spans[key]
        try:
            return json.loads(self._data[start:end].strip().rstrip(b","))
        except ValueError as error:
            raise ValueError(
                f"{self._name}: {key!r} is no JSON: {error}. Get the archive again."
            ) from error

    def number(self, key: str) -> float:
        """Return a number of the file, NaN for null."""
        value = self._value(key)
        try:
            return float("nan") if value is None else float(value)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{self._name}: {key!r} must be a number, got {value!r}."
            ) from error

    def matrix(self, key: str, shape: tuple[int, int]) -> NDArray[np.float64]:
        """Return a matrix of the file, (25 altitudes, T times), NaN for null."""
        value = self._value(key)
        try:
            matrix = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{self._name}: {key!r} must hold rows of numbers of the same length: "
                f"{error}."
            ) from error
        if matrix.shape != shape:
            raise ValueError(
                f"{self._name}: {key!r} must have {shape[0]} altitudes and {shape[1]} "
                f"times, got {matrix.shape}."
            )
        return matrix
