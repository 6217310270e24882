"""Meshes of domains in words, by Netgen.

Netgen (J. Schoeberl, Comput. Vis. Sci. 1 (1997) 41-52; LGPL-2.1) meshes the plane and
space, with holes and curved sides, and its wheel needs no display. Of the others,
Gmsh's wheel loads OpenGL and X11, and pygmsh needs it; Triangle, which meshpy wraps
too, may not be part of what is sold, and knows the plane only.
"""

from typing import Any

import numpy as np

from ._arrays import Array, Integers
from .geometry import Cuboid, Disk, Polygon, Rectangle, Sphere, WordedDomain, area
from .raw_mesh import RawMesh

REMEDY = "install it with `pip install ncl-deepxde[mesh]`, or give a mesh or a file"
PLANE, SPACE = [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 9, 8, 7, 6, 5, 4]
"""Where our nodes of quadratic cells stand in Netgen's."""


def mesh_domain(domain: WordedDomain) -> RawMesh:
    """Return a mesh of a domain.

    Args:
        domain: The domain, with the size of its cells.

    Raises:
        ImportError: If Netgen is missing.
        ValueError: If Netgen cannot mesh it.
    """
    try:
        import netgen.meshing  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"reference_fem needs Netgen to mesh {type(domain).__name__}: {error}; "
            f"{REMEDY}"
        ) from error
    is_curved = isinstance(domain, Disk | Sphere) or (
        isinstance(domain, Polygon) and any(isinstance(h, Disk) for h in domain.holes)
    )
    try:
        found = (
            _space(domain) if isinstance(domain, Cuboid | Sphere) else _plane(domain)
        )
    except Exception as error:
        raise ValueError(
            f"mesh must be a domain that can be meshed, got {domain!r} ({error}); "
            "holes must lie inside and apart, sides must not cross"
        ) from error
    return _raw(found, domain, is_curved)


def _plane(domain: Any) -> Any:
    from netgen.geom2d import SplineGeometry

    geometry = SplineGeometry()
    for i, part in enumerate(_loops(domain)):
        options = {"leftdomain": int(i == 0), "rightdomain": int(i > 0), "maxh": part.h}
        if isinstance(part, Disk):
            geometry.AddCircle(tuple(map(float, part.center)), part.radius, **options)
            continue
        points = [geometry.AppendPoint(*v) for v in _leftward(part.vertices, 1)[0]]
        for a, b in zip(points, [*points[1:], points[0]], strict=True):
            geometry.Append(["line", a, b], **options)
    return geometry.GenerateMesh(maxh=domain.h)


def _loops(domain: Rectangle | Disk | Polygon) -> list[Polygon | Disk]:
    """Return the outer boundary and the holes."""
    if isinstance(domain, Rectangle):
        (a, b), (c, d) = domain.xmin, domain.xmax
        return [Polygon([(a, b), (c, b), (c, d), (a, d)], domain.h)]
    return [domain, *domain.holes] if isinstance(domain, Polygon) else [domain]


def _leftward(vertices: Any, first: int) -> tuple[Array, Integers]:
    """Return corners (N, 2), the inside on the left, and tags of their sides."""
    points = np.asarray(vertices, dtype=np.float64)
    tags = first + np.arange(len(points))
    if area(points) < 0:
        points, tags = points[::-1], np.roll(tags[::-1], -1)
    return points, tags


def _space(domain: Cuboid | Sphere) -> Any:
    from netgen import csg

    geometry = csg.CSGeometry()
    if isinstance(domain, Sphere):
        center = csg.Pnt(*map(float, domain.center))
        geometry.Add(csg.Sphere(center, domain.radius))
    else:
        low, high = (csg.Pnt(*map(float, x)) for x in (domain.xmin, domain.xmax))
        geometry.Add(csg.OrthoBrick(low, high))
    return geometry.GenerateMesh(maxh=domain.h)


def _raw(found: Any, domain: WordedDomain, is_curved: bool) -> RawMesh:
    is_space = isinstance(domain, Cuboid | Sphere)
    dim = 3 if is_space else 2
    if is_curved:
        found.SecondOrder()
    elements = (found.Elements3D() if is_space else found.Elements2D()).NumPy()
    sides = (found.Elements2D() if is_space else found.Elements1D()).NumPy()
    order = (SPACE if is_space else PLANE) if is_curved else list(range(dim + 1))
    # Netgen's arrays end with its mesh
    points = np.array(found.Coordinates(), dtype=np.float64)
    cells = elements["nodes"].astype(np.int64)[:, order] - 1
    facets = sides["nodes"].astype(np.int64)[:, :dim] - 1
    if isinstance(domain, Rectangle | Cuboid):
        tags = _sides_of_a_box(points, facets)
    elif isinstance(domain, Sphere):
        tags = np.ones(len(facets), dtype=np.int64)
    else:
        tags = _tags_of_pieces(domain)[sides["index"].astype(np.int64) - 1]
    return RawMesh(points, cells, facets, tags)


def _tags_of_pieces(domain: Any) -> Integers:
    """Return the tags of Netgen's pieces of the boundary, four for a circle."""
    tags: list[int] = []
    for part in _loops(domain):
        first = 1 + max(tags, default=0)
        if isinstance(part, Disk):
            tags += [first] * 4
        else:
            tags += _leftward(part.vertices, first)[1].tolist()
    return np.array(tags)


def _sides_of_a_box(points: Array, facets: Integers) -> Integers:
    """Return 1 and 2 for the sides of least and largest x, 3 and 4 for y, and so on."""
    x = points[facets]
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    # a facet lies in the side that it deviates from least
    off = np.ptp(x, axis=1) + np.abs(np.abs(x[:, 0] - middle) - (high - low) / 2)
    axis = off.argmin(axis=1)
    is_high = x[np.arange(len(x)), 0, axis] > middle[axis]
    return np.asarray(1 + 2 * axis + is_high)
