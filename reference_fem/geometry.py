"""Domains in words, which a file can carry, for :func:`reference_fem.flow.solve`.

They are what DeepXDE's geometries of the same names say, and the size h of the cells
that they are to be cut into. Curved sides get quadratic cells. Facets have tags:

- :class:`Rectangle`: 1 left, 2 right, 3 bottom, 4 top;
- :class:`Cuboid`: 1 and 2 the sides of least and largest x, 3 and 4 of y, 5 and 6 of z;
- :class:`Disk` and :class:`Sphere`: 1;
- :class:`Polygon`: 1 for the side from the first vertex to the second, and so on; the
  sides of the holes follow, hole by hole; a disk is one side.

:class:`UnitTorus` and :class:`UnitBall` are the same cells everywhere, cut without
Netgen and without tags.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

__all__ = [
    "Cuboid",
    "Disk",
    "Polygon",
    "Rectangle",
    "Sphere",
    "UnitBall",
    "UnitTorus",
    "WordedDomain",
]

Vector = Sequence[float]
"""Coordinates of a point."""


@dataclass(frozen=True)
class _Block:
    xmin: Vector
    xmax: Vector
    h: float

    dim: ClassVar[int]

    def __post_init__(self) -> None:
        low, high = _check_points([self.xmin, self.xmax], self.dim, "xmin and xmax")
        if not (low < high).all():
            raise ValueError(
                "xmin must be below xmax in each coordinate, got "
                f"{self.xmin!r} and {self.xmax!r}"
            )
        _check_positive("h", self.h)


@dataclass(frozen=True)
class _Round:
    center: Vector
    radius: float
    h: float

    dim: ClassVar[int]

    def __post_init__(self) -> None:
        _check_points([self.center], self.dim, "center")
        _check_positive("radius", self.radius)
        _check_positive("h", self.h)


@dataclass(frozen=True)
class Rectangle(_Block):
    """A rectangle with sides along the axes.

    Attributes:
        xmin: Corner of least coordinates (2,).
        xmax: Corner of largest coordinates (2,).
        h: Size of the cells.

    Raises:
        ValueError: If a corner has a wrong shape or order, or h is not positive.
    """

    dim = 2


@dataclass(frozen=True)
class Cuboid(_Block):
    """A box with faces along the axes.

    Attributes:
        xmin: Corner of least coordinates (3,).
        xmax: Corner of largest coordinates (3,).
        h: Size of the cells.

    Raises:
        ValueError: If a corner has a wrong shape or order, or h is not positive.
    """

    dim = 3


@dataclass(frozen=True)
class Disk(_Round):
    """A disk.

    Attributes:
        center: Its center (2,).
        radius: Its radius.
        h: Size of the cells, also at its edge where it is a hole.

    Raises:
        ValueError: If the center has a wrong shape, or a number is not positive.
    """

    dim = 2


@dataclass(frozen=True)
class Sphere(_Round):
    """A ball, as DeepXDE calls it.

    Attributes:
        center: Its center (3,).
        radius: Its radius.
        h: Size of the cells.

    Raises:
        ValueError: If the center has a wrong shape, or a number is not positive.
    """

    dim = 3


@dataclass(frozen=True)
class Polygon:
    """A polygon, with holes.

    Attributes:
        vertices: Its corners in order, one way round or the other.
        h: Size of the cells.
        holes: Polygons and disks that are cut out; they lie inside and apart.

    Raises:
        ValueError: If there are fewer than three corners, or two neighbors are one.
    """

    vertices: Sequence[Vector]
    h: float
    holes: Sequence["Polygon | Disk"] = ()

    def __post_init__(self) -> None:
        points = _check_points(self.vertices, 2, "vertices")
        steps = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1)
        if len(points) < 3 or not steps.all() or area(points) == 0:
            raise ValueError(
                "vertices must be at least three corners around an area, neighbors "
                f"apart, got {self.vertices!r}; do not repeat the first at the end"
            )
        _check_positive("h", self.h)
        for hole in self.holes:
            simple = isinstance(hole, Polygon) and not hole.holes
            if not simple and not isinstance(hole, Disk):
                raise ValueError(
                    "holes must be Disk, or Polygon without holes of its own, got "
                    f"{hole!r}; write a rectangle as the polygon of its corners"
                )


WordedDomain = Rectangle | Cuboid | Disk | Sphere | Polygon
"""Domains that Netgen meshes."""


@dataclass(frozen=True)
class UnitTorus:
    """The periodic unit square, in the cells of :mod:`reference_fem.lattice`.

    Attributes:
        n: Squares per axis, at least 3; there are 4 n^2 triangles.

    Raises:
        ValueError: If n is out of range.
    """

    n: int

    def __post_init__(self) -> None:
        _check_count(self.n, 3)


@dataclass(frozen=True)
class UnitBall:
    """The unit ball, in the curved cells of :mod:`reference_fem.ball_mesh`.

    Attributes:
        n: Cells per radius, at least 2; there are 20 n^3 tetrahedra.

    Raises:
        ValueError: If n is out of range.
    """

    n: int

    def __post_init__(self) -> None:
        _check_count(self.n, 2)


def area(points: Any) -> float:
    r"""Return :math:`\tfrac12 \sum_i (x_i y_{i+1} - x_{i+1} y_i)`, a polygon's area.

    Args:
        points: Its corners (N, 2); the area is positive if they run to the left.
    """
    x, y = np.asarray(points, dtype=np.float64).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _check_points(points: Any, dim: int, name: str) -> Any:
    found = np.asarray(points, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != dim or not np.isfinite(found).all():
        raise ValueError(
            f"{name} must be finite points of {dim} coordinates, got {points!r}"
        )
    return found


def _check_count(n: Any, least: int) -> None:
    if not isinstance(n, int) or n < least:
        raise ValueError(f"n must be an integer of at least {least}, got {n!r}")


def _check_positive(name: str, value: float) -> None:
    if not 0 < value < np.inf:
        raise ValueError(f"{name} must be positive and finite, got {value!r}")
