"""The connected parts of a wall in the plane: outer boundary, holes, separate sides.

A boundary is cut into sides: those of the polygon that it is outside, or the whole
boundary of another shape. Two sides are connected where they meet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import deepxde as dde
import numpy as np
import torch

from ..arrays import Array
from .factors import Factor
from .regions import Where, signed, vertices

__all__ = ["Component", "wall_components"]

geometry = dde.geometry
POLYGONS = geometry.Rectangle | geometry.Triangle | geometry.Polygon
# Of each side, to see whether it meets another one.
SAMPLES = 2000
# Sides apart by less than this part of their size meet: so far a circle may be from
# another one that it touches, at the nearest of its samples.
TOUCHING = 1e-3


@dataclass(frozen=True)
class Component:
    """A connected part of a wall.

    Attributes:
        where: Maps points (N, 2) of the boundary to (N,) booleans: which are on it.
        points: Points on it, (K, 2).
    """

    where: Where
    points: Array


@dataclass(frozen=True)
class _Side:
    """A side of a boundary.

    Attributes:
        points: Points on it, (K, 2), both ends first and last.
        distance: Maps points (N, 2) to lengths (N,), zero on the side.
        shape: Function of the shape that it is a side of, zero on the boundary.
    """

    points: Array
    distance: Callable[[Array], Array]
    shape: Factor


def wall_components(region: Any, where: Where | None) -> list[Component]:
    """Return the connected parts of a wall: of the outer boundary first, then of holes.

    Args:
        region: A geometry of the plane.
        where: Which points of its boundary are wall, by sides; all by default.
    """
    sides = [s for s in _inner_sides(region) if len(_visible(s, region))]
    is_wall = [_is_wall(_visible(side, region), where) for side in sides]
    walls = [k for k, wall in enumerate(is_wall) if wall]
    owner = list(range(len(sides)))
    for i in walls:
        for j in walls:
            if owner[i] != owner[j] and _meet(sides[i], sides[j]):
                old, new = max(owner[i], owner[j]), min(owner[i], owner[j])
                owner = [new if k == old else k for k in owner]
    found = []
    for first in dict.fromkeys(owner[k] for k in walls):
        members = [k == first and wall for k, wall in zip(owner, is_wall, strict=True)]
        visible = [
            _visible(side, region)
            for side, is_member in zip(sides, members, strict=True)
            if is_member
        ]
        found.append(Component(_Nearest(sides, members), np.concatenate(visible)))
    return found


@dataclass(frozen=True)
class _Nearest:
    """Whether the side that a point is on, the nearest, is one of some.

    Attributes:
        sides: All sides.
        members: Which of them count.
    """

    sides: Sequence[_Side]
    members: Sequence[bool]

    def __call__(self, points: Array) -> Array:
        """Return (N,) booleans for points (N, 2)."""
        distances = np.stack([side.distance(points) for side in self.sides])
        found: Array = np.asarray(self.members)[distances.argmin(axis=0)]
        return found


def _inner_sides(region: Any) -> list[_Side]:
    """Return the sides of a region, in the order of its factors."""
    if isinstance(region, geometry.CSGIntersection):
        return _inner_sides(region.geom1) + _inner_sides(region.geom2)
    if isinstance(region, geometry.CSGDifference):
        return _inner_sides(region.geom1) + _outer_sides(region.geom2)
    if not isinstance(region, POLYGONS):
        return [_whole(region)]
    corners = vertices(region)
    shape, ends = signed(region), np.roll(corners, -1, axis=0)
    share = np.linspace(0, 1, SAMPLES)[:, None]
    return [
        _Side((1 - share) * a + share * b, _Segment(a, b), shape)
        for a, b in zip(corners, ends, strict=True)
    ]


def _outer_sides(region: Any) -> list[_Side]:
    """Return the sides of what is cut out, each a whole boundary."""
    if isinstance(region, geometry.CSGUnion):
        return _outer_sides(region.geom1) + _outer_sides(region.geom2)
    return [_whole(region)]


def _whole(region: Any) -> _Side:
    shape = signed(region)
    points = region.random_boundary_points(SAMPLES)
    return _Side(points, lambda x: np.abs(_values(shape, x)), shape)


@dataclass(frozen=True)
class _Segment:
    """The distance from a segment.

    Attributes:
        start: One end, (2,).
        end: The other end.
    """

    start: Array
    end: Array

    def __call__(self, points: Array) -> Array:
        """Return distances (N,) of points (N, 2)."""
        way, r = self.end - self.start, points - self.start
        share = np.clip(r @ way / (way @ way), 0, 1)
        distances: Array = np.linalg.norm(r - share[:, None] * way, axis=1)
        return distances


def _values(shape: Factor, points: Array) -> Array:
    found: Array = shape(torch.as_tensor(points).double())[:, 0].cpu().numpy()
    return found


def _visible(side: _Side, region: Any) -> Array:
    """Return the points of a side that are on the boundary of the region."""
    inner = side.points[1:-1]
    found: Array = inner[region.on_boundary(inner)]
    return found


def _is_wall(points: Array, where: Where | None) -> bool:
    return where is None or bool(np.asarray(where(points), dtype=bool).all())


def _meet(one: _Side, other: _Side) -> bool:
    """Tell whether two sides have a point in common."""
    if one.shape is other.shape:
        ends = one.points[[0, -1]], other.points[[-1, 0]]
        return bool((ends[0] == ends[1]).all(axis=1).any())
    return _crosses(one.points, other.shape) and _crosses(other.points, one.shape)


def _crosses(points: Array, shape: Factor) -> bool:
    """Tell whether points of a curve are on both sides of a boundary, or on it."""
    values, close = _values(shape, points), TOUCHING * shape.size
    return bool(values.min() <= close and values.max() >= -close)
