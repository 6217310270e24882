"""DeepXDE's geometries as factors: those of the inside, and those of the outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import deepxde as dde
import numpy as np

from ..arrays import Array
from .factors import Ellipsoid, Factor, HalfSpace, Inside, Outside, Slab
from .join import Joined, Negative
from .polygons import loop, polygon_factors
from .segments import SignedLoop

__all__ = ["Choice", "Where", "inner_factors"]

Where: TypeAlias = Callable[[Array], Any]

geometry = dde.geometry
# Of each piece of a boundary, to see what it is.
SAMPLES = 50


class Choice:
    """Which pieces of a boundary are walls.

    Args:
        region: The whole region, whose boundary counts.
        where: Maps points (N, d) of the boundary to (N,) booleans; all by default.
    """

    def __init__(self, region: Any, where: Where | None = None) -> None:
        self.region, self.where = region, where

    def takes(self, points: Array, piece: str) -> bool:
        """Decide on a piece of the boundary by points on it, (N, d).

        Raises:
            ValueError: ``where`` takes a part of the piece.
        """
        if self.where is None:
            return True
        points = points[self.region.on_boundary(points)]
        taken = np.asarray(self.where(points), dtype=bool).reshape(len(points))
        if taken.all() or not taken.any():
            return bool(taken.any())
        raise ValueError(
            f"where: must take all of {piece} or nothing of it, got True at "
            f"{int(taken.sum())} of {len(points)} points. Make the opening a side of a "
            "Polygon, or give Wall(function, points)."
        )


def inner_factors(region: Any, choice: Choice) -> list[Factor]:
    """Return factors whose product vanishes on the walls, positive inside.

    Raises:
        ValueError: The geometry is of an unknown kind, or a piece of the boundary is
            neither wall nor open.
    """
    if isinstance(region, geometry.CSGIntersection):
        return inner_factors(region.geom1, choice) + inner_factors(region.geom2, choice)
    if isinstance(region, geometry.CSGDifference):
        return inner_factors(region.geom1, choice) + outer_factors(region.geom2, choice)
    if isinstance(region, geometry.Interval):
        ends = [(float(region.l), float(region.r))]
        return _box_factors(ends, choice)
    if isinstance(region, geometry.Hypercube):
        pairs = zip(region.xmin, region.xmax, strict=True)
        return _box_factors([(float(a), float(b)) for a, b in pairs], choice)
    if isinstance(region, geometry.Triangle | geometry.Polygon):
        corners = vertices(region)
        return polygon_factors(corners, _walls(corners, choice))
    return [signed(region)] if _takes_all(region, choice) else []


def outer_factors(region: Any, choice: Choice) -> list[Factor]:
    """Return factors whose product vanishes on the walls, positive outside."""
    if isinstance(region, geometry.CSGUnion):
        return outer_factors(region.geom1, choice) + outer_factors(region.geom2, choice)
    if not _takes_all(region, choice):
        return []
    function = signed(region)
    return [Outside(function) if isinstance(function, Inside) else Negative(function)]


def _takes_all(region: Any, choice: Choice) -> bool:
    points = region.random_boundary_points(SAMPLES)
    return choice.takes(points, f"the boundary of a {type(region).__name__}")


def _box_factors(ends: list[tuple[float, float]], choice: Choice) -> list[Factor]:
    """Return a slab for two opposite walls, a plane for one."""
    low, high = np.array(ends).T
    inside = low + (high - low) * np.random.default_rng(0).random((SAMPLES, len(ends)))
    factors: list[Factor] = []
    for axis, (left, right) in enumerate(ends):
        taken = []
        for name, value in (("low", left), ("high", right)):
            face = inside.copy()
            face[:, axis] = value
            taken.append(choice.takes(face, f"the {name} side of axis {axis}"))
        unit = tuple(float(i == axis) for i in range(len(ends)))
        if all(taken):
            factors.append(Slab(axis, left, right))
        elif taken[0]:
            factors.append(HalfSpace(tuple(low), unit, right - left))
        elif taken[1]:
            minus = tuple(-u for u in unit)
            factors.append(HalfSpace(tuple(high), minus, right - left))
    return factors


def _walls(corners: Array, choice: Choice) -> list[bool]:
    """Tell which sides of a polygon are walls."""
    share = ((np.arange(SAMPLES) + 0.5) / SAMPLES)[:, None]
    ends = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    return [
        choice.takes((1 - share) * a + share * b, f"the side from {a} to {b}")
        for a, b in ends
    ]


def signed(region: Any) -> Factor:
    """Return a function that is positive inside and negative outside."""
    if isinstance(region, geometry.CSGUnion | geometry.CSGIntersection):
        parts = signed(region.geom1), signed(region.geom2)
        return Joined(parts, isinstance(region, geometry.CSGUnion))
    if isinstance(region, geometry.CSGDifference):
        return Joined((signed(region.geom1), Negative(signed(region.geom2))), False)
    if isinstance(region, geometry.Hypersphere):
        return Inside(tuple(map(float, region.center)), float(region.radius))
    if isinstance(region, geometry.Ellipse):
        return Ellipsoid(
            tuple(map(float, region.center)),
            tuple(tuple(map(float, row)) for row in region.rotation_mat.T),
            (float(region.semimajor), float(region.semiminor)),
        )
    if isinstance(region, geometry.Triangle | geometry.Polygon | geometry.Rectangle):
        corners = vertices(region)
        return SignedLoop(loop(corners, [True] * len(corners)))
    if isinstance(region, geometry.Interval | geometry.Hypercube):
        return Joined(tuple(inner_factors(region, Choice(region))), False)
    raise ValueError(
        "geometry: must be an Interval, Rectangle, Disk, Ellipse, Triangle, Polygon, "
        "Cuboid, Sphere, Hypercube, Hypersphere or a union, difference or intersection "
        f"of them, got {type(region).__name__}. Give Wall(function, points)."
    )


def vertices(region: Any) -> Any:
    """Return the corners of a plane region, (K, 2), counterclockwise."""
    if isinstance(region, geometry.Rectangle):
        (a, b), (c, d) = region.xmin, region.xmax
        return np.array([[a, b], [c, b], [c, d], [a, d]], dtype=float)
    if isinstance(region, geometry.Triangle):
        return np.array([region.x1, region.x2, region.x3], dtype=float)
    return np.array(region.vertices, dtype=float)
