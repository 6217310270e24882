"""The periodic unit square as a triangle mesh with identified vertices."""

import numpy as np

from reference_fem._dolfinx import MPI, IndexMap, Mesh, basix_ufl, cpp_mesh, mesh, ufl

CORNERS = np.array([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]])
"""Corners of the lower and the upper triangle of a unit cell: (2, 3, 2)."""


def _lattice_triangles(cells: np.ndarray, n: int) -> np.ndarray:
    """Return the lattice corners (len(cells), 3, 2), not wrapped, of numbered cells."""
    square, half = np.divmod(cells, 2)
    origin = np.stack([square % n, square // n], axis=-1)
    return np.asarray(origin[:, None, :] + CORNERS[half])


def create_periodic_unit_square(comm: MPI.Comm, n: int) -> Mesh:
    r"""Return the unit square with opposite sides identified, cut into 2 n^2 triangles.

    Every square of the n x n lattice is cut from lower left to upper right. The
    topology has n^2 vertices, so finite-element spaces are periodic without
    constraints. The geometry has three points of its own per cell, so triangles at
    the seam keep their true shape.

    Args:
        comm: MPI communicator that shares the mesh.
        n: Number of squares per axis, at least 3 (below, triangles would share edges).

    Returns:
        A dolfinx mesh without exterior facets.
    """
    num_cells = 2 * n * n
    first, last = (num_cells * (comm.rank + k) // comm.size for k in (0, 1))
    corners = _lattice_triangles(np.arange(first, last), n) % n
    cells = corners[..., 0] + n * corners[..., 1]
    nodes = np.arange(
        n * n * comm.rank // comm.size, n * n * (comm.rank + 1) // comm.size
    )
    x = np.stack([nodes % n, nodes // n], axis=-1) / n
    domain = ufl.Mesh(basix_ufl.element("Lagrange", "triangle", 1, shape=(2,)))
    wrapped = mesh.create_mesh(comm, cells.astype(np.int64), domain, x)

    topology = wrapped.topology
    local = topology.index_map(2).size_local
    triangles = _lattice_triangles(topology.original_cell_index[:local], n)
    geometry = mesh.create_geometry(
        IndexMap(comm, 3 * local),
        np.arange(3 * local, dtype=np.int32).reshape(-1, 3),
        wrapped.geometry.cmap,
        triangles.reshape(-1, 2) / n,
        np.arange(3 * local, dtype=np.int64),
    )
    return Mesh(
        cpp_mesh.Mesh_float64(comm, topology._cpp_object, geometry._cpp_object), domain
    )
