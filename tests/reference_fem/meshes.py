"""Meshes of triangles that are not aligned with anything."""

import numpy as np
from scipy.spatial import Delaunay


def halve(x, cells):
    """Cut each triangle into four by the middles of its edges."""
    edges = cells[:, [[1, 2], [2, 0], [0, 1]]]
    edges = np.sort(edges.reshape(-1, 2), axis=1)
    pairs, names = np.unique(edges, axis=0, return_inverse=True)
    middles = len(x) + names.reshape(-1, 3)
    (a, b, c), (p, q, r) = cells.T, middles.T
    parts = [(a, r, q), (r, b, p), (q, p, c), (p, q, r)]
    return (
        np.concatenate([x, x[pairs].mean(axis=1)]),
        np.concatenate([np.stack(part, axis=1) for part in parts]),
    )


def scattered(n, halvings=0, seed=0):
    """Return points and 2 n^2 Delaunay triangles of the unit square.

    Inner points are moved at random; each halving makes four triangles of one.
    """
    i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    x = np.stack([i, j], axis=-1).reshape(-1, 2) / n
    inner = ((x > 1e-9) & (x < 1 - 1e-9)).all(axis=1)
    moves = np.random.default_rng(seed).uniform(-0.3, 0.3, (len(x), 2)) / n
    x[inner] += moves[inner]
    cells = Delaunay(x).simplices
    corners = x[cells]
    area = np.linalg.det(corners[:, 1:] - corners[:, :1])
    cells = cells[np.abs(area) > 1e-9]
    for _ in range(halvings):
        x, cells = halve(x, cells)
    return x, cells


def create(x, cells, comm=None):
    """Return points and triangles as a mesh of dolfinx."""
    from mpi4py import MPI

    from reference_fem._build_mesh import build

    comm = MPI.COMM_SELF if comm is None else comm
    return build(raw(x, cells), [], comm)[0]


def raw(x, cells):
    """Return points and triangles as arrays without tags."""
    from reference_fem.raw_mesh import RawMesh

    return RawMesh(x, cells.astype(np.int64), np.zeros((0, 2), int), np.zeros(0, int))


def torus(n, degree=2):
    """Return the periodic unit square as the solver knows it."""
    from reference_fem._any_domain import create_domain
    from reference_fem.geometry import UnitTorus

    return create_domain(UnitTorus(n), [], degree)


def ball(n):
    """Return the unit ball with free slip as the solver knows it."""
    from reference_fem._any_domain import create_domain
    from reference_fem.boundary import FreeSlip
    from reference_fem.geometry import UnitBall

    return create_domain(UnitBall(n), [(lambda x: x[0] < 2, FreeSlip())], 2)
