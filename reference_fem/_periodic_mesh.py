"""The periodic unit square as a dolfinx mesh with identified vertices."""

import numpy as np

from reference_fem._dolfinx import MPI, IndexMap, Mesh, basix_ufl, cpp_mesh, mesh, ufl
from reference_fem.lattice import cell_corners, node_index

GEOMETRY_TAG = 2101
"""MPI tag of the exchange that builds the geometry's index map."""


def _share(comm: MPI.Comm, count: int) -> np.ndarray:
    """Return this process's range of the numbers 0 to count - 1."""
    return np.arange(
        count * comm.rank // comm.size, count * (comm.rank + 1) // comm.size
    )


def create_periodic_unit_square(comm: MPI.Comm, n: int) -> Mesh:
    r"""Return the unit square with opposite sides identified: 4 n^2 triangles.

    The topology has 2 n^2 vertices, so finite-element spaces are periodic without
    constraints. The geometry has three points of its own per cell, so triangles at the
    seam keep their true shape.

    Args:
        comm: MPI communicator that shares the mesh.
        n: Squares per axis, at least 3 (below, triangles would share edges).

    Returns:
        A dolfinx mesh without exterior facets.
    """
    i, j = node_index(cell_corners(_share(comm, 4 * n * n), n), 2 * n)
    i_vertex, half = np.divmod(_share(comm, 2 * n * n), n)
    x = np.stack([i_vertex, 2 * half + i_vertex % 2], axis=-1) / (2 * n)
    domain = ufl.Mesh(basix_ufl.element("Lagrange", "triangle", 1, shape=(2,)))
    # edge integrals need the neighbors' cells
    partitioner = mesh.create_cell_partitioner(mesh.GhostMode.shared_facet, 2)
    wrapped = mesh.create_mesh(comm, i * n + j, domain, x, partitioner)

    topology = wrapped.topology
    cells = topology.index_map(2)
    count = cells.size_local + cells.num_ghosts
    ghosts = 3 * cells.ghosts[:, None] + np.arange(3)
    owners = np.repeat(cells.owners, 3)
    numbers = topology.original_cell_index[:count]
    geometry = mesh.create_geometry(
        IndexMap(comm, 3 * cells.size_local, ghosts.ravel(), owners, GEOMETRY_TAG),
        np.arange(3 * count, dtype=np.int32).reshape(-1, 3),
        wrapped.geometry.cmaps[0],
        cell_corners(numbers, n).reshape(-1, 2) / (2 * n),
        (3 * numbers[:, None] + np.arange(3)).ravel(),
    )
    return Mesh(
        cpp_mesh.Mesh_float64(comm, topology._cpp_object, geometry._cpp_object), domain
    )
