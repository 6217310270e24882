"""Whatever stands for a mesh, as a mesh of dolfinx with facet tags."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._ball_domain import create_ball
from ._build_mesh import build
from ._dolfinx import MPI, Mesh
from ._facets import FacetChoice
from ._mesh_arrays import geometry_arrays
from ._netgen import mesh_domain
from ._periodic_mesh import create_periodic_unit_square
from .boundary import BoundaryCondition, Periodic
from .geometry import (
    Cuboid,
    Disk,
    Polygon,
    Rectangle,
    Sphere,
    UnitBall,
    UnitTorus,
)
from .raw_mesh import RawMesh, read


def open_mesh(
    source: Any,
    boundary: Sequence[tuple[FacetChoice, BoundaryCondition]],
    comm: MPI.Comm,
) -> tuple[Mesh, Any]:
    """Return a mesh and its facet tags, or ``None`` for them.

    Args:
        source: A mesh of dolfinx, or a pair of one and its facet tags; arrays
            (:class:`reference_fem.raw_mesh.RawMesh`); a file; a domain in words
            (:mod:`reference_fem.geometry`).
        boundary: Conditions, of which the periodic ones glue sides together.
        comm: MPI communicator that shares what is not yet a mesh.

    Raises:
        ImportError: If Netgen is missing and needed.
        FileNotFoundError: If there is no such file.
        ValueError: If it is none of these, or its sides cannot be glued.
    """
    if isinstance(source, tuple) and len(source) == 2 and isinstance(source[0], Mesh):
        return _opened(*source, boundary)
    if isinstance(source, UnitTorus | UnitBall):
        _check_no_glue(source, boundary)
    if isinstance(source, UnitTorus):
        return create_periodic_unit_square(comm, source.n), None
    if isinstance(source, UnitBall):
        return create_ball(comm, source.n), None
    if isinstance(source, Mesh):
        return _opened(source, None, boundary)
    if isinstance(source, str | os.PathLike):
        raw = on_first(comm, lambda: read(source))
    elif isinstance(source, Rectangle | Cuboid | Disk | Sphere | Polygon):
        raw = on_first(comm, lambda: mesh_domain(source))
    elif isinstance(source, RawMesh):
        raw = source
    else:
        raise ValueError(
            "mesh must be a mesh of dolfinx, a file, or a domain of "
            f"reference_fem.geometry, got {type(source).__name__}; write for example "
            "Rectangle((0, 0), (1, 1), h=0.1)"
        )
    return build(raw, boundary, comm)


def _check_no_glue(
    source: UnitTorus | UnitBall,
    boundary: Sequence[tuple[FacetChoice, BoundaryCondition]],
) -> None:
    if any(isinstance(condition, Periodic) for _, condition in boundary):
        name = type(source).__name__
        reason = (
            "whose sides are glued by itself"
            if isinstance(source, UnitTorus)
            else "which has no sides to glue"
        )
        raise ValueError(
            f"boundary must have no Periodic on a {name}, {reason}, got one; leave it "
            "out, or give a mesh of your own"
        )


def _opened(
    msh: Mesh, tags: Any, boundary: Sequence[tuple[FacetChoice, BoundaryCondition]]
) -> tuple[Mesh, Any]:
    if not any(isinstance(condition, Periodic) for _, condition in boundary):
        return msh, tags
    if tags is not None:
        raise ValueError(
            "boundary must choose sides by functions of points where Periodic glues "
            "sides of a mesh of dolfinx, got facet tags; leave them out"
        )
    points, cells = geometry_arrays(msh)
    none = np.zeros((0, points.shape[1]), dtype=np.int64)
    raw = RawMesh(points, cells, none, np.zeros(0, dtype=np.int64))
    return build(raw, boundary, msh.comm)


def on_first(comm: MPI.Comm, work: Callable[[], Any]) -> Any:
    """Return what the first process computes; its error is raised on all.

    Args:
        comm: MPI communicator.
        work: The work.
    """
    found, error = None, None
    if comm.rank == 0:
        try:
            found = work()
        except Exception as caught:
            error = caught
    found, error = comm.bcast((found, error))
    if error is not None:
        raise error
    return found
