"""Lines on the map that birds cross: geodesics or straight segments of the plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.polynomial import Chebyshev
from pyproj import Geod

from ...arrays import Array
from ..projection import Projection

__all__ = ["Leg", "Line", "legs_of_line"]

Line: TypeAlias = Sequence[tuple[float, float]]

EARTH = Geod(ellps="WGS84")
DEGREE = 16
PATHS = ("geodesic", "straight")


@dataclass(frozen=True)
class Leg:
    """A smooth curve in the plane, as polynomials of s from 0 to 1.

    Attributes:
        x: Polynomial of the first coordinate, in km.
        y: Polynomial of the second coordinate, in km.
    """

    x: Chebyshev
    y: Chebyshev

    def places(self, s: Array) -> Array:
        """Return the positions at s, (N,), in km, (N, 2)."""
        return np.stack([self.x(s), self.y(s)], axis=1)

    def normals(self, s: Array) -> Array:
        r"""Return the normals :math:`(dy/ds, -dx/ds)` to the right, in km, (N, 2)."""
        return np.stack([self.y.deriv()(s), -self.x.deriv()(s)], axis=1)


def legs_of_line(
    projection: Projection, line: Line, path: str = "geodesic"
) -> list[Leg]:
    """Return one leg from each vertex to the next.

    Args:
        projection: Projection to the plane.
        line: At least two vertices (longitude, latitude) in degrees; neighbors differ.
        path: ``"geodesic"``, the shortest way on the ellipsoid, or ``"straight"``, the
            shortest way in the plane.

    Raises:
        ValueError: The line has fewer than two vertices or bad ones, or the path is
            unknown.
    """
    if len(line) < 2 or any(np.shape(vertex) != (2,) for vertex in line):
        raise ValueError(
            f"line: must hold at least two vertices (longitude, latitude), got "
            f"{line!r}. Nothing crosses a single point; add another."
        )
    vertices = np.array(line, dtype=float)
    if not (np.isfinite(vertices).all() and np.all(np.abs(vertices[:, 1]) <= 90)):
        raise ValueError(
            f"line: must be (longitude, latitude) in degrees, latitude within -90..90, "
            f"got {line!r}. Longitude comes first."
        )
    if np.any(np.all(vertices[1:] == vertices[:-1], axis=1)):
        raise ValueError(
            f"line: neighboring vertices must differ, got {line!r}. Leave out copies."
        )
    if path not in PATHS:
        raise ValueError(f"path: must be one of {PATHS}, got {path!r}. Choose one.")
    make = _geodesic if path == "geodesic" else _straight
    return [make(projection, a, b) for a, b in pairwise(vertices)]


def _geodesic(projection: Projection, start: Array, end: Array) -> Leg:
    azimuth, _, distance = EARTH.inv(*start, *end)

    def plane(s: Array) -> Array:
        same = np.ones_like(s)
        lon, lat, _ = EARTH.fwd(
            start[0] * same, start[1] * same, azimuth * same, distance * s
        )
        return np.stack(projection.to_plane(np.asarray(lon), np.asarray(lat)))

    return _interpolated(plane, DEGREE)


def _straight(projection: Projection, start: Array, end: Array) -> Leg:
    x, y = projection.to_plane(*np.stack([start, end], axis=1))
    ends = np.stack([x, y])
    return _interpolated(lambda s: ends[:, :1] * (1 - s) + ends[:, 1:] * s, 1)


def _interpolated(plane: Callable[[Array], Array], degree: int) -> Leg:
    """Return the polynomials through values (2, N) at Chebyshev points of [0, 1]."""
    s = (1 + np.polynomial.chebyshev.chebpts1(degree + 1)) / 2
    x, y = (Chebyshev.fit(s, values, degree, domain=[0, 1]) for values in plane(s))
    return Leg(x, y)
