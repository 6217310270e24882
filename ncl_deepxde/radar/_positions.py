"""Where radars stand: from a mapping, or from lists of radars in JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from ..files import PathLike
from ._files import load_table, load_text, numbers

__all__ = ["Positions", "find_positions", "load_positions"]

Positions: TypeAlias = Mapping[str, tuple[float, float]]

_NAMES = {
    "radar": ("radar", "radar_id", "odim_code", "id", "name"),
    "lon": ("lon", "longitude", "radar_longitude"),
    "lat": ("lat", "latitude", "radar_latitude"),
}


def load_positions(source: Positions | PathLike | None) -> Positions:
    """Return (lon, lat) in degrees by radar.

    Args:
        source: Such a mapping, or a file of positions in JSON or CSV; None for none.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file holds no radars, or a position is no pair of numbers.
    """
    if source is None:
        return {}
    if isinstance(source, Mapping):
        return {str(radar): _pair(place, str(radar)) for radar, place in source.items()}
    path = Path(source)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file of positions.")
    text = load_text(path)
    return _from_json(text, path) if text.lstrip()[:1] in "{[" else _from_csv(path)


def find_positions(path: Path) -> Positions:
    """Return the positions in the lists of radars that lie beside a table.

    The lists of ``flyway_birds.csv`` are ``flyway_radars.json`` and
    ``flyway_radar_metadata.csv``.

    Args:
        path: The table.
    """
    first = path.name.split("_")[0].split(".")[0]
    found: dict[str, tuple[float, float]] = {}
    for name in (f"{first}_radar_metadata.csv", f"{first}_radars.json"):
        beside = path.with_name(name)
        if beside.exists():
            found.update(load_positions(beside))
    return found


def _from_json(text: str, path: Path) -> Positions:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path}: is no JSON, or truncated: {error}. Get the file again."
        ) from error
    try:
        radars = content["radars"]
        return {str(one["id"]): _pair(one["coordinates"], str(path)) for one in radars}
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{path}: must hold {{"radars": [{{"id": ..., "coordinates": [lon, lat]}}, '
            "...]}."
        ) from error


def _from_csv(path: Path) -> Positions:
    table = load_table(path)
    columns = {
        what: next((name for name in names if name in table), None)
        for what, names in _NAMES.items()
    }
    if None in columns.values():
        raise ValueError(
            f"{path}: must have columns such as radar, lon, lat; got "
            f"{', '.join(table.columns)}."
        )
    lon, lat = (numbers(table, str(columns[what]), path) for what in ("lon", "lat"))
    return dict(zip(table[columns["radar"]], zip(lon, lat, strict=True), strict=True))


def _pair(place: Any, name: str) -> tuple[float, float]:
    try:
        lon, lat = (float(value) for value in place)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"positions: must be (lon, lat) in degrees, got {place!r} for {name}."
        ) from error
    return lon, lat
