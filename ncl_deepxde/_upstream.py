"""Faults of DeepXDE 1.15 with NumPy 2, mended where they are.

``Polygon`` and ``Triangle`` take ``numpy.cross`` of plane vectors, which NumPy gives
up. ``Ellipse``, ``Triangle``, ``Polygon``, ``StarShaped`` and ``Disk`` return points in
double precision whatever DeepXDE's float type is, and a network in single precision
refuses them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import deepxde as dde
import numpy as np
from deepxde.geometry import geometry_2d

__all__ = ["mend"]

SAMPLERS = (
    "random_points",
    "uniform_points",
    "random_boundary_points",
    "uniform_boundary_points",
)


def mend() -> None:
    """Replace what needs the cross product, and convert points to DeepXDE's type."""
    geometry_2d.is_left = is_left
    geometry_2d.is_on_line_segment = is_on_line_segment
    geometry_2d.Triangle.inside = inside_triangle
    for kind in vars(geometry_2d).values():
        if isinstance(kind, type) and issubclass(kind, dde.geometry.Geometry):
            for name in SAMPLERS:
                if name in vars(kind):
                    setattr(kind, name, in_real(vars(kind)[name]))


def in_real(sampler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a sampler whose points, (N, 2), have DeepXDE's float type."""

    @functools.wraps(sampler)
    def points(*args: Any, **options: Any) -> Any:
        return sampler(*args, **options).astype(dde.config.real(np), copy=False)

    return points


def cross(u: Any, v: Any) -> Any:
    """Return the third component of the cross product of vectors (..., 2)."""
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def is_left(p: Any, q: Any, x: Any) -> Any:
    """Return numbers, (N, 1), positive for points (N, 2) left of the way p to q."""
    return cross(q - p, x - p).reshape(-1, 1)


def is_on_line_segment(p: Any, q: Any, x: Any) -> Any:
    """Tell whether a point lies between p and q, but for round-off."""
    way = q - p
    near = geometry_2d.isclose(cross(way, x - p) / np.linalg.norm(way), 0)
    return near and way @ (x - p) >= 0 and way @ (x - q) <= 0


def inside_triangle(triangle: Any, x: Any) -> Any:
    """Tell which points, (N, 2), a triangle contains, its boundary included."""
    corners = (triangle.x1, triangle.x2, triangle.x3)
    ways = (triangle.v12, triangle.v23, triangle.v31)
    pairs = zip(ways, corners, strict=True)
    sides = np.stack([cross(way, x - corner) for way, corner in pairs], axis=-1)
    return np.all(sides >= 0, axis=-1) | np.all(sides <= 0, axis=-1)
