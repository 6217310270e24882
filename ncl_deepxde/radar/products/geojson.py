"""Tracks as GeoJSON (RFC 7946), for any geographic information system."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ...arrays import Array
from ...files import PathLike, replacing
from .region import Region
from .tracks import Tracks

__all__ = ["geojson_of", "write_geojson"]

DIGITS = 6
"""Decimal digits of degrees: about 0.1 m, as the RFC advises."""


def write_geojson(path: PathLike, tracks: Tracks, region: Region) -> None:
    """Write a collection with one feature per bird, see ``geojson_of``.

    Args:
        path: GeoJSON file to write.
        tracks: Tracks from ``follow``.
        region: Region with the projection and the clock.

    Raises:
        ValueError: A bird has no position.
    """
    text = json.dumps(geojson_of(tracks, region), allow_nan=False, indent=1)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def geojson_of(tracks: Tracks, region: Region) -> dict[str, Any]:
    """Return tracks as a GeoJSON object, a collection with one feature per bird.

    Each bird is a feature with the geometry ``LineString`` of (longitude, latitude) on
    WGS 84; ``Point`` where there is one position only; and ``MultiLineString`` where
    the track crosses the antimeridian, cut there. Its properties are ``name``,
    ``origin`` (the time at which it is at the given place), and for every position
    ``times`` (UTC) and ``altitudes_m`` above sea level, nested as the coordinates are.
    Altitudes are no third coordinate because the RFC counts that from the ellipsoid.

    Args:
        tracks: Tracks from ``follow``.
        region: Region with the projection and the clock.

    Raises:
        ValueError: A bird has no position.
    """
    features = [_feature(tracks, region, index) for index in range(len(tracks.names))]
    return {"type": "FeatureCollection", "features": features}


def _feature(tracks: Tracks, region: Region, index: int) -> dict[str, Any]:
    name, positions = tracks.names[index], tracks.positions[:, index]
    known = ~np.isnan(positions).any(axis=1)
    if not known.any():
        raise ValueError(
            f"tracks: {name} has no position inside the region at any of the times. "
            "Add the time at which it is at its place."
        )
    lon, lat = region.to_sphere(*positions[known, :2].T)
    rows = np.column_stack([lon, lat, 1000 * positions[known, 2], tracks.hours[known]])
    pieces = [_described(piece, region) for piece in _cut(rows)]
    parts = {key: [piece[key] for piece in pieces] for key in pieces[0]}
    kind = "MultiLineString"
    if len(pieces) == 1:
        parts, kind = pieces[0], "LineString"
        if len(rows) == 1:
            kind, parts["coordinates"] = "Point", parts["coordinates"][0]
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": parts["coordinates"]},
        "properties": {
            "name": name,
            "origin": _iso(region, tracks.origin),
            "times": parts["times"],
            "altitudes_m": parts["altitudes_m"],
        },
    }


def _described(rows: Array, region: Region) -> dict[str, list[Any]]:
    return {
        "coordinates": np.round(rows[:, :2], DIGITS).tolist(),
        "times": [_iso(region, hours) for hours in rows[:, 3]],
        "altitudes_m": np.round(rows[:, 2], 1).tolist(),
    }


def _cut(rows: Array) -> list[Array]:
    """Cut rows (N, 4), longitude first and continuous, at 180, 540, ... degrees.

    Both sides of a cut have a point on it; longitudes end up in -180..180.
    """
    pieces, current = [], [rows[0]]
    for row in rows[1:]:
        turn, last_turn = _turn(row[0]), _turn(current[-1][0])
        if turn != last_turn:
            edge = 180.0 + 360 * min(turn, last_turn)
            part = (edge - current[-1][0]) / (row[0] - current[-1][0])
            between = current[-1] + part * (row - current[-1])
            between[0] = edge
            pieces.append((last_turn, [*current, between]))
            current = [between]
        current.append(row)
    pieces.append((_turn(current[-1][0]), current))
    return [np.array(piece) - [360.0 * turn, 0, 0, 0] for turn, piece in pieces]


def _turn(lon: float) -> int:
    return int(np.floor((lon + 180) / 360))


def _iso(region: Region, hours: float) -> str:
    return f"{region.utc(hours):%Y-%m-%dT%H:%M:%SZ}"
