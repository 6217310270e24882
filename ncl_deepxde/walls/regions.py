"""DeepXDE's geometries as factors: those of the inside, and those of the outside."""

from __future__ import annotations

from typing import Any

import deepxde as dde
import numpy as np

from .factors import Ellipsoid, Factor, Inside, Outside, Slab
from .join import Joined, Negative
from .polygons import loop, polygon_factors
from .segments import SignedLoop

__all__ = ["inner_factors"]

geometry = dde.geometry


def inner_factors(region: Any) -> list[Factor]:
    """Return factors whose product vanishes on the boundary, positive inside.

    Raises:
        ValueError: The geometry is of an unknown kind.
    """
    if isinstance(region, geometry.CSGIntersection):
        return inner_factors(region.geom1) + inner_factors(region.geom2)
    if isinstance(region, geometry.CSGDifference):
        return inner_factors(region.geom1) + outer_factors(region.geom2)
    if isinstance(region, geometry.CSGUnion):
        return [signed(region)]
    if isinstance(region, geometry.Interval):
        return [Slab(0, float(region.l), float(region.r))]
    if isinstance(region, geometry.Hypercube):
        ends = zip(region.xmin, region.xmax, strict=True)
        return [Slab(i, float(a), float(b)) for i, (a, b) in enumerate(ends)]
    if isinstance(region, geometry.Triangle | geometry.Polygon):
        corners = vertices(region)
        return polygon_factors(corners, [True] * len(corners))
    return [signed(region)]


def outer_factors(region: Any) -> list[Factor]:
    """Return factors whose product vanishes on the boundary, positive outside."""
    if isinstance(region, geometry.CSGUnion):
        return outer_factors(region.geom1) + outer_factors(region.geom2)
    function = signed(region)
    return [Outside(function) if isinstance(function, Inside) else Negative(function)]


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
        return Joined(tuple(inner_factors(region)), False)
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
