"""Sides of polygons as factors: lines where convex, joined segments in pockets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Array
from .factors import Factor, HalfSpace
from .segments import Segments

__all__ = ["loop", "polygon_factors"]

# Distances from a line below this part of the diameter are round-off of the vertices.
ON_LINE = 1e-6
# A product of more lines is nearly zero almost everywhere.
MOST_LINES = 8


def loop(vertices: Array, walls: Sequence[bool]) -> Segments:
    """Return the joined segments of the sides that are walls.

    Args:
        vertices: (K, 2), counterclockwise; side k goes from vertex k to the next.
        walls: Which sides are walls.
    """
    return _segments(_sides(vertices)[list(walls)], _diameter(vertices))


def polygon_factors(vertices: Array, walls: Sequence[bool]) -> list[Factor]:
    """Return factors that vanish on the sides that are walls, and nowhere inside.

    A side on the convex hull is the distance from its line, so that the product is a
    polynomial around convex corners. The sides of a pocket, between two vertices of the
    hull, are joined segments; where the pocket ends, its sides go on beyond the hull.

    Args:
        vertices: (K, 2), counterclockwise; side k goes from vertex k to the next.
        walls: Which sides are walls.
    """
    sides, diameter = _sides(vertices), _diameter(vertices)
    lines = _hull_lines(vertices, sides, diameter)
    if len({k for k in lines if k is not None}) > MOST_LINES:
        return [loop(vertices, walls)] if any(walls) else []
    factors: list[Factor] = []
    left: list[int] = []
    for line in dict.fromkeys(k for k in lines if k is not None):
        on_it = [k for k, other in enumerate(lines) if other == line]
        if all(walls[k] for k in on_it):
            factors.append(_half_space(sides[line], vertices))
        else:
            # Part of a line is open: only the segments that are walls.
            left += [k for k in on_it if walls[k]]
    factors += [_segments(sides[[k]], diameter) for k in left]
    for pocket in _pockets(lines):
        chain = _extended(sides[pocket])[[walls[k] for k in pocket]]
        if len(chain):
            factors.append(_segments(chain, diameter))
    return factors


def _sides(vertices: Array) -> Array:
    """Return both ends of every side, (K, 2, 2)."""
    return np.stack([vertices, np.roll(vertices, -1, axis=0)], axis=1)


def _diameter(vertices: Array) -> float:
    return float(np.linalg.norm(np.ptp(vertices, axis=0)))


def _left_of(side: Array, points: Array) -> Array:
    """Return the distances, (N,), to the left of the line through a side."""
    (x, y), r = side[1] - side[0], points - side[0]
    distances: Array = (x * r[:, 1] - y * r[:, 0]) / np.hypot(x, y)
    return distances


def _hull_lines(vertices: Array, sides: Array, diameter: float) -> list[int | None]:
    """Return of each side the first side on its line, ``None`` off the convex hull."""
    close = ON_LINE * diameter
    lines: list[int | None] = []
    for k, side in enumerate(sides):
        if _left_of(side, vertices).min() < -close:
            lines.append(None)
            continue
        same = (j for j in lines if j is not None)
        lines.append(
            next((j for j in same if abs(_left_of(sides[j], side)).max() < close), k)
        )
    return lines


def _half_space(side: Array, vertices: Array) -> HalfSpace:
    x, y = (side[1] - side[0]) / np.linalg.norm(side[1] - side[0])
    return HalfSpace(
        tuple(map(float, side[0])),
        (-float(y), float(x)),
        float(_left_of(side, vertices).max()),
    )


def _segments(sides: Array, diameter: float) -> Segments:
    starts, ends = (
        tuple((float(x), float(y)) for x, y in sides[:, end]) for end in (0, 1)
    )
    return Segments(starts, ends, diameter / 2)


def _pockets(lines: Sequence[int | None]) -> list[list[int]]:
    """Return the runs of sides off the hull, in order around the polygon."""
    start = next(k for k, line in enumerate(lines) if line is not None)
    runs: list[list[int]] = [[]]
    for k in (*range(start, len(lines)), *range(start)):
        if lines[k] is None:
            runs[-1].append(k)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _extended(chain: Array) -> Array:
    """Return sides, (K, 2, 2), the first and last longer by the whole chain."""
    chain = chain.copy()
    total = np.linalg.norm(chain[:, 1] - chain[:, 0], axis=1).sum()
    for k, end in ((0, 0), (-1, 1)):
        way = chain[k, end] - chain[k, 1 - end]
        chain[k, end] += way / np.linalg.norm(way) * total
    return chain
