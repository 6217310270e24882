"""Facets of the boundary, and the conditions that hold on them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._arrays import Array, Integers
from ._dolfinx import MPI, Mesh, fem, mesh
from ._domain import BoundaryPart
from .boundary import BoundaryCondition, Periodic

FacetChoice = int | Callable[[Array], Any]
"""A facet tag, or a function of points (dim, N) to booleans (N,)."""


def exterior_facets(msh: Mesh) -> Integers:
    """Return the local numbers of the owned facets on the boundary.

    Args:
        msh: The mesh.
    """
    topology = msh.topology
    topology.create_entities(topology.dim - 1)
    topology.create_connectivity(topology.dim - 1, topology.dim)
    return np.asarray(mesh.exterior_facet_indices(topology), dtype=np.int64)


def facet_cells(msh: Mesh, facets: Integers) -> Integers:
    """Return the cell of each facet, and the facet's number in it (F, 2).

    Args:
        msh: The mesh.
        facets: Local numbers of facets on the boundary (F,).
    """
    topology = msh.topology
    topology.create_entities(topology.dim - 1)
    topology.create_connectivity(topology.dim - 1, topology.dim)
    topology.create_connectivity(topology.dim, topology.dim - 1)
    domains = fem.compute_integration_domains(
        fem.IntegralType.exterior_facet,
        topology,
        np.asarray(facets, dtype=np.int32),
    )
    return np.asarray(domains, dtype=np.int64).reshape(-1, 2)


def corners_of(msh: Mesh, facets: Integers) -> Array:
    """Return the corners (F, corners, dim) of facets.

    Args:
        msh: The mesh.
        facets: Local numbers of facets (F,).
    """
    dim = msh.topology.dim
    msh.topology.create_connectivity(dim - 1, dim)
    nodes = mesh.entities_to_geometry(msh, dim - 1, np.asarray(facets, np.int32))
    # the corners come first where cells are quadratic
    return np.asarray(msh.geometry.x[nodes[:, :dim]][:, :, : msh.geometry.dim])


def distribute(
    msh: Mesh,
    tags: Any,
    boundary: Sequence[tuple[FacetChoice, BoundaryCondition]],
) -> tuple[BoundaryPart, ...]:
    """Give each facet of the boundary to the first pair that claims it.

    A function of points claims a facet if it holds at all of its corners. Periodic
    sides have no facets left on the boundary.

    Args:
        msh: The mesh.
        tags: Facet tags of dolfinx, or ``None``.
        boundary: Pairs of a tag or a function of points, and a condition.

    Raises:
        ValueError: If a facet is left over, or a pair claims none.
    """
    facets = exterior_facets(msh)
    corners = corners_of(msh, facets)
    free = np.ones(len(facets), dtype=bool)
    parts = []
    for where, condition in boundary:
        if isinstance(condition, Periodic):
            continue
        claimed = _claimed(where, facets, corners, tags)
        if not msh.comm.allreduce(int(claimed.sum())):
            raise ValueError(
                f"boundary must name facets of the mesh, got {where!r} for "
                f"{type(condition).__name__}, which has none; {_known(msh, tags)}"
            )
        parts.append(BoundaryPart(facets[claimed & free], condition))
        free &= ~claimed
    _check_complete(msh, corners[free])
    return tuple(parts)


def _claimed(where: FacetChoice, facets: Integers, corners: Array, tags: Any) -> Any:
    """Return which facets a pair claims (F,)."""
    if callable(where):
        return choose_corners(where, corners)
    if tags is None:
        raise ValueError(
            f"boundary must use functions of points on a mesh without facet tags, got "
            f"the tag {where!r}; read the mesh from a file with tags or write a "
            "function"
        )
    return np.isin(facets, tags.find(where))


def choose_corners(where: Callable[[Array], Any], corners: Array) -> Any:
    """Return whether a function of points holds at all corners of facets (F,).

    Args:
        where: Points (dim, N) to booleans (N,).
        corners: Corners of the facets (F, corners, dim).

    Raises:
        ValueError: If it returns anything else.
    """
    points = corners.reshape(-1, corners.shape[2]).T
    holds = np.asarray(where(points))
    if holds.shape != points.shape[1:] or holds.dtype != bool:
        raise ValueError(
            "boundary must map points (dim, N) to booleans (N,), got "
            f"{holds.dtype} of shape {holds.shape} for {points.shape[1]} points; "
            "compare coordinates, for example lambda x: x[0] < 1e-9"
        )
    return holds.reshape(corners.shape[:2]).all(axis=1)


def _known(msh: Mesh, tags: Any) -> str:
    """Return what there is to name."""
    if tags is None:
        return "mind that all corners of a facet must fulfill the function"
    found = sorted(set().union(*msh.comm.allgather(set(tags.values.tolist()))))
    return f"the mesh has the tags {found}"


def _check_complete(msh: Mesh, corners: Array) -> None:
    """Refuse facets without a condition, given their corners (F, corners, dim)."""
    middles = corners.mean(axis=1)
    found = np.concatenate(msh.comm.allgather(middles))
    if len(found):
        some = ", ".join(
            "(" + ", ".join(f"{value:.4g}" for value in row) + ")" for row in found[:3]
        )
        low, high = found.min(axis=0), found.max(axis=0)
        raise ValueError(
            f"boundary must give every facet a condition, {len(found)} have none: in "
            f"the box from {np.round(low, 6).tolist()} to {np.round(high, 6).tolist()}"
            f", for example around {some}; add a pair for them"
        )


def extent(msh: Mesh) -> tuple[Array, Array]:
    """Return the least and the largest coordinates (dim,) of a mesh.

    Args:
        msh: The mesh.
    """
    x, comm = msh.geometry.x[:, : msh.geometry.dim], msh.comm
    low, high = np.empty(x.shape[1]), np.empty(x.shape[1])
    comm.Allreduce(x.min(axis=0, initial=np.inf), low, MPI.MIN)
    comm.Allreduce(x.max(axis=0, initial=-np.inf), high, MPI.MAX)
    return low, high
