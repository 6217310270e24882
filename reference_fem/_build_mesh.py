"""Meshes of dolfinx from arrays, with facet tags, and with sides glued together."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from ._arrays import Array, Integers
from ._dolfinx import MPI, Mesh, basix_ufl, mesh, ufl
from ._facets import FacetChoice, choose_corners
from ._periodic_mesh import cut_open
from .boundary import BoundaryCondition, Periodic
from .raw_mesh import RawMesh

CLOSE = 1e-6
"""Distance of points that are one, in units of the box around the mesh."""


def build(
    raw: RawMesh,
    boundary: Sequence[tuple[FacetChoice, BoundaryCondition]],
    comm: MPI.Comm,
) -> tuple[Mesh, Any]:
    """Return a mesh and its facet tags.

    Args:
        raw: The mesh, on every process.
        boundary: Conditions, of which the periodic ones glue sides together.
        comm: MPI communicator that shares the mesh.

    Raises:
        ValueError: If sides to be glued do not fit.
    """
    glues = [(where, c) for where, c in boundary if isinstance(c, Periodic)]
    names = _glued(raw, glues) if glues else np.arange(len(raw.points))
    msh, inputs = _create(raw, names, bool(glues), comm)
    return msh, _tags(msh, raw, inputs)


def _create(
    raw: RawMesh, names: Integers, is_glued: bool, comm: MPI.Comm
) -> tuple[Mesh, Integers]:
    """Return a mesh, and the numbers in the arrays of its geometry's nodes."""
    kind, dim = {2: "triangle", 3: "tetrahedron"}[raw.dim], raw.dim
    partitioner = mesh.create_cell_partitioner(mesh.GhostMode.shared_facet, 2)

    def domain(degree: int) -> Any:
        return ufl.Mesh(basix_ufl.element("Lagrange", kind, degree, shape=(dim,)))

    def share(rows: Any) -> Any:
        return np.ascontiguousarray(rows if comm.rank == 0 else rows[:0])

    if not is_glued:
        degree = 1 if raw.cells.shape[1] == dim + 1 else 2
        msh = mesh.create_mesh(
            comm, share(raw.cells), domain(degree), share(raw.points), partitioner
        )
        return msh, np.asarray(msh.geometry.input_global_indices)
    used, cells = np.unique(names[raw.corners], return_inverse=True)
    wrapped = mesh.create_mesh(
        comm,
        share(cells.reshape(raw.corners.shape)),
        domain(1),
        share(raw.points[used]),
        partitioner,
    )
    msh = cut_open(wrapped, domain(1), lambda cells: raw.points[raw.corners[cells]])
    return msh, raw.corners.ravel()[msh.geometry.input_global_indices]


def _tags(msh: Mesh, raw: RawMesh, inputs: Integers) -> Any:
    """Return the facet tags of dolfinx, or None if there are none."""
    if not len(raw.tags):
        return None
    topology, fdim = msh.topology, raw.dim - 1
    topology.create_entities(fdim)
    topology.create_connectivity(fdim, raw.dim)
    index_map = topology.index_map(fdim)
    facets = np.arange(index_map.size_local + index_map.num_ghosts, dtype=np.int32)
    nodes = mesh.entities_to_geometry(msh, fdim, facets)
    known = dict(zip(_keys(raw.facets), raw.tags.tolist(), strict=True))
    keys = _keys(inputs[nodes[:, : raw.dim]])
    found = [(i, known[key]) for i, key in enumerate(keys) if key in known]
    chosen, values = np.array(found, dtype=np.int32).reshape(-1, 2).T.copy()
    return mesh.meshtags(msh, fdim, chosen, values)


def _keys(facets: Integers) -> list[tuple[int, ...]]:
    """Return the corners of facets (F, corners) as sorted tuples."""
    return [tuple(key) for key in np.sort(facets, axis=1).tolist()]


def _glued(raw: RawMesh, glues: Sequence[tuple[FacetChoice, Periodic]]) -> Integers:
    """Return the point that each point is glued to (P,)."""
    if raw.cells.shape[1] != raw.dim + 1:
        raise ValueError(
            "mesh must have straight cells for Periodic, got quadratic ones; mesh it "
            "with straight cells"
        )
    names = np.arange(len(raw.points))
    facets = raw.exterior()
    on_wall = np.unique(facets)
    tree = cKDTree(raw.points[on_wall])
    size = float(np.ptp(raw.points, axis=0).max())
    for where, condition in glues:
        chosen = np.unique(facets[_choose(raw, facets, where)])
        shift = np.asarray(condition.shift, dtype=np.float64)
        moved = raw.points[chosen] + shift
        distance, near = tree.query(moved)
        if not len(chosen) or distance.max() > CLOSE * size:
            raise ValueError(_misfit(chosen, moved, distance, condition))
        for a, b in zip(chosen, on_wall[near], strict=True):
            low, high = sorted((names[a], names[b]))
            names[names == high] = low
    cells = np.sort(names[raw.corners], axis=1)
    is_flat = bool((np.diff(cells, axis=1) == 0).any())
    if is_flat or len(np.unique(cells, axis=0)) < len(cells):
        raise ValueError(
            "mesh must have at least three cells from one periodic side to the other, "
            "got cells that are their own neighbors; use a smaller h"
        )
    return names


def _choose(raw: RawMesh, facets: Integers, where: FacetChoice) -> Any:
    """Return which facets a pair names (F,)."""
    if callable(where):
        return choose_corners(where, raw.points[facets])
    chosen = set(_keys(raw.facets[raw.tags == where]))
    return np.array([key in chosen for key in _keys(facets)], dtype=bool)


def _misfit(
    chosen: Integers, moved: Array, distance: Array, condition: Periodic
) -> str:
    if not len(chosen):
        return (
            f"boundary must name facets for {condition!r}, got none; choose the side "
            "that the shift leads away from"
        )
    wrong = distance > 0
    worst = int(distance.argmax())
    return (
        f"boundary must have equal points on both sides of {condition!r}, got "
        f"{int(wrong.sum())} of {len(chosen)} without a partner, for example at "
        f"{np.round(moved[worst], 6).tolist()}; mesh both sides alike"
    )
