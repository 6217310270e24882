"""Faults of DeepXDE 1.15, mended where they are: ``numpy.cross`` of plane vectors.

NumPy 2.5 no longer takes vectors of two components, so that ``Polygon`` and
``Triangle.inside`` fail. Nothing is changed where NumPy still does.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from deepxde.geometry import geometry_2d

__all__ = ["mend"]


def mend() -> None:
    """Replace the three functions that need the cross product, if it is missing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            np.cross([1.0, 0.0], [0.0, 1.0])
    except ValueError:
        geometry_2d.is_left = is_left
        geometry_2d.is_on_line_segment = is_on_line_segment
        geometry_2d.Triangle.inside = inside_triangle


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
