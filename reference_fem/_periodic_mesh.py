"""The periodic unit square as a dolfinx mesh with identified vertices."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import Array, Integers
from ._dolfinx import MPI, IndexMap, Mesh, basix_ufl, cpp_mesh, mesh, ufl
from ._domain import share
from .lattice import cell_corners, node_index

GEOMETRY_TAG = 2101
"""MPI tag of the exchange that builds the geometry's index map."""


def create_periodic_unit_square(comm: MPI.Comm, n: int) -> Mesh:
    r"""Return the unit square with opposite sides identified: 4 n^2 triangles.

    The topology has 2 n^2 vertices, so finite-element spaces are periodic without
    constraints. The geometry has three points per cell, shared with no other cell, so
    triangles at the seam keep their true shape.

    Args:
        comm: MPI communicator that shares the mesh.
        n: Squares per axis, at least 3 (below, triangles would share edges).

    Returns:
        A dolfinx mesh without exterior facets.
    """
    i, j = node_index(cell_corners(share(comm, 4 * n * n), n), 2 * n)
    i_vertex, half = np.divmod(share(comm, 2 * n * n), n)
    x = np.stack([i_vertex, 2 * half + i_vertex % 2], axis=-1) / (2 * n)
    domain = ufl.Mesh(basix_ufl.element("Lagrange", "triangle", 1, shape=(2,)))
    # edge integrals need the neighbors' cells
    partitioner = mesh.create_cell_partitioner(mesh.GhostMode.shared_facet, 2)
    wrapped = mesh.create_mesh(comm, i * n + j, domain, x, partitioner)
    return cut_open(wrapped, domain, lambda cells: cell_corners(cells, n) / (2 * n))


def cut_open(wrapped: Mesh, domain: Any, corners: Callable[[Integers], Array]) -> Mesh:
    """Return a mesh with the same topology, whose cells share no points.

    Args:
        wrapped: Straight cells with identified vertices.
        domain: Their coordinate element as a mesh of UFL.
        corners: Gives the true corners (C, dim + 1, dim) of cells, by their numbers
            in the arrays that the mesh was made from.
    """
    comm, topology = wrapped.comm, wrapped.topology
    dim, nodes = topology.dim, topology.dim + 1
    cells = topology.index_map(dim)
    count = cells.size_local + cells.num_ghosts
    ghosts = nodes * cells.ghosts[:, None] + np.arange(nodes)
    owners = np.repeat(cells.owners, nodes)
    numbers = topology.original_cell_index[:count]
    geometry = mesh.create_geometry(
        IndexMap(comm, nodes * cells.size_local, ghosts.ravel(), owners, GEOMETRY_TAG),
        np.arange(nodes * count, dtype=np.int32).reshape(-1, nodes),
        wrapped.geometry.cmaps[0],
        corners(numbers).reshape(-1, dim),
        (nodes * numbers[:, None] + np.arange(nodes)).ravel(),
    )
    return Mesh(
        cpp_mesh.Mesh_float64(comm, topology._cpp_object, geometry._cpp_object), domain
    )
