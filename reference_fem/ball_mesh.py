r"""The unit ball cut into second-order tetrahedra, without dolfinx.

A regular icosahedron is cut into 20 tetrahedra (center and one face), each of them
into n^3 tetrahedra along a lattice (H. Freudenthal, Ann. of Math. 43 (1942) 580-582),
and the lattice points of layer g n are moved along their rays to the sphere of radius
g (3 - g) / 2. So layers are half as thick at the wall as the mean, where flows along a
wall are steep: interpolation changes the published initial velocity
(:func:`reference_fem.starts.published_start`) by 2.1e-3 of its norm at n = 8, and by
6.6e-3 with layers of equal thickness. Each edge has a node in its middle; those of
edges on the wall are moved onto the unit sphere, so cells at the wall are curved and
all others straight.

Why not gmsh: its wheel loads OpenGL and X11 libraries that bare machines lack. Also,
this mesh is the same everywhere, has no parameter but n, and its cells have the same
few shapes for all n, so that errors fall along clean powers of 1 / n.
"""

import itertools

import numpy as np
from scipy.spatial import cKDTree

from ._arrays import Array, Integers

EDGES = ((2, 3), (1, 3), (1, 2), (0, 3), (0, 2), (0, 1))
"""Corners of the edges of a tetrahedron; node 4 + e lies in the middle of edge e."""


def _icosahedron() -> tuple[Array, Integers]:
    """Return corners (12, 3) on the unit sphere and faces (20, 3)."""
    golden = (1 + 5**0.5) / 2
    corners = np.array(
        [
            np.roll([0, a, b * golden], shift)
            for shift in range(3)
            for a in (-1, 1)
            for b in (-1, 1)
        ]
    )
    near = np.linalg.norm(corners[:, None] - corners, axis=2) < 2.1
    faces = [
        face
        for face in itertools.combinations(range(12), 3)
        if all(near[i, j] for i, j in itertools.combinations(face, 2))
    ]
    return corners / np.linalg.norm(corners[0]), np.array(faces)


def _lattice_cells(n: int) -> Integers:
    r"""Return the n^3 tetrahedra (n^3, 4, 3) of the simplex n >= i >= j >= k >= 0.

    Each goes from a point of the lattice along the three axes, in any order.
    """
    origins = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), axis=-1)
    paths = [
        np.cumsum(np.vstack([np.zeros(3), np.eye(3)[list(order)]]), axis=0)
        for order in itertools.permutations(range(3))
    ]
    cells = origins.reshape(-1, 1, 1, 3) + np.array(paths, dtype=np.int64)
    cells = cells.reshape(-1, 4, 3)
    inside = (np.diff(cells, axis=2) <= 0).all(axis=(1, 2))
    return np.asarray(cells[inside])


def _node_weights(n: int) -> tuple[Integers, Integers]:
    """Return nodes as weights (P, 12) of the icosahedron's corners, and the cells.

    Weights are in units of 1 / (2 n), so those of corners of cells are even. These
    nodes come first.
    """
    faces = _icosahedron()[1]
    corners = -np.diff(_lattice_cells(n), axis=2, append=0)
    middles = np.stack([corners[:, a] + corners[:, b] for a, b in EDGES], axis=1)
    weights = np.zeros((20, len(corners), 10, 12), dtype=np.int64)
    for face, part in zip(faces, weights, strict=True):
        part[..., face] = np.concatenate([2 * corners, middles], axis=1)
    unique, cells = np.unique(weights.reshape(-1, 12), axis=0, return_inverse=True)
    order = np.argsort((unique % 2).any(axis=1), kind="stable")
    return unique[order], np.argsort(order)[cells.reshape(-1, 10)]


def create(n: int) -> tuple[Array, Integers]:
    """Return the nodes and cells of the ball.

    Args:
        n: Cells per radius.

    Returns:
        Nodes (P, 3), corners of cells first, and cells (20 n^3, 10): four corners,
        then the middles of :data:`EDGES`.
    """
    weights, cells = _node_weights(n)
    layer = weights.sum(axis=1, keepdims=True) / (2 * n)
    rays = weights @ _icosahedron()[0]
    rays /= np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-9)
    nodes = layer * (3 - layer) / 2 * rays
    for middle, ends in zip(cells[:, 4:].T, np.array(EDGES), strict=True):
        inside = layer[middle, 0] < 1
        nodes[middle[inside]] = nodes[cells[inside][:, ends]].mean(axis=1)
    return nodes, cells


def places(points: Array, n: int) -> Integers:
    """Return where the nodes of :func:`create` stand among points (P,).

    Args:
        points: All nodes, or all corners of cells (P, 3), in any order.
        n: Cells per radius.
    """
    nodes = create(n)[0][: len(points)]
    return np.asarray(cKDTree(points).query(nodes)[1])
