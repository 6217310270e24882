r"""The periodic triangulation and its Lagrange nodes, as integer lattices.

The unit square is cut into n x n squares, each by both diagonals into four triangles.
(On squares cut by one diagonal, divergence-free P2 fields approximate to second order
only: C. de Boor and K. Hollig, "Approximation from piecewise C1-cubics", 1983. With
both diagonals the order is three.) The nodes of degree k are the points (i, j) / m,
m = 2 k n, with i + j even; field values are stored as arrays (m, m / 2) at
[i, j // 2].
"""

import math

import numpy as np

from ._arrays import Array, Integers

# south, east, north, west triangle of a square, in half squares; the center is last
CORNERS = np.array(
    [
        [[0, 0], [2, 0], [1, 1]],
        [[2, 0], [2, 2], [1, 1]],
        [[2, 2], [0, 2], [1, 1]],
        [[0, 2], [0, 0], [1, 1]],
    ]
)


def cell_corners(cells: Integers, n: int) -> Integers:
    """Return the corners (len(cells), 3, 2) of triangles in half squares, not wrapped.

    Args:
        cells: Numbers of triangles, 0 to 4 n^2 - 1.
        n: Squares per axis.
    """
    square, part = np.divmod(cells, 4)
    origin = np.stack(np.divmod(square, n), axis=-1)
    return np.asarray(2 * origin[:, None, :] + CORNERS[part])


def node_index(nodes: Integers, m: int) -> tuple[Integers, Integers]:
    """Return the array positions of nodes, wrapped.

    Args:
        nodes: Pairs (i, j) of any integers with i + j even, shape (..., 2).
        m: Nodes per period.
    """
    i, j = np.moveaxis(nodes % m, -1, 0)
    return i, j // 2


def fold(values: Array, points: Array) -> Array:
    """Return nodal values (..., P), P = m^2 / 2, as arrays (..., m, m / 2).

    Args:
        values: Nodal values, in any order.
        points: The nodes (P, 2).
    """
    m = math.isqrt(2 * len(points))
    folded = np.empty((*values.shape[:-1], m, m // 2))
    i, j = node_index(np.rint(points * m).astype(np.int64), m)
    folded[..., i, j] = values
    return folded


def quadratic_mesh(n: int) -> tuple[Array, Integers]:
    """Return points (P, 2) and cells (4 n^2, 6): corners, then midpoints of edges.

    The mesh is not periodic: nodes on the seam appear on both sides.

    Args:
        n: Squares per axis.
    """
    corners = cell_corners(np.arange(4 * n * n), n)
    nodes = np.concatenate(
        [2 * corners, corners + np.roll(corners, -1, axis=1)], axis=1
    )
    points, cells = np.unique(nodes.reshape(-1, 2), axis=0, return_inverse=True)
    return points / (4 * n), cells.reshape(-1, 6)


def evaluate(values: Array, n: int, points: Array) -> Array:
    r"""Evaluate periodic Lagrange fields.

    With barycentric coordinates :math:`\lambda`, the shape function of node
    :math:`(a, b, c) / k`, a + b + c = k, is :math:`P_a(\lambda_1) P_b(\lambda_2)
    P_c(\lambda_3)`, :math:`P_a(z) = \prod_{i < a} (k z - i) / (i + 1)`.

    Args:
        values: Nodal values (F, m, m / 2).
        n: Squares per axis.
        points: Points (N, 2) in [0, 1).

    Returns:
        Values (F, N).
    """
    m = values.shape[-2]
    k = m // (2 * n)
    square = np.floor(points * n).astype(np.int64)
    x, y = (points * n - square).T
    depths = np.stack([y, 1 - x, 1 - y, x])
    part = depths.argmin(axis=0)
    depth = depths.min(axis=0)
    along = np.choose(part, [x, y, 1 - x, 1 - y])
    barycentric = np.stack([1 - along - depth, along - depth, 2 * depth])
    factors = [np.ones_like(barycentric)]
    for i in range(k):
        factors.append(factors[-1] * (k * barycentric - i) / (i + 1))
    result = np.zeros((len(values), len(points)))
    for b in range(k + 1):
        for c in range(k + 1 - b):
            a = k - b - c
            shape = factors[a][0] * factors[b][1] * factors[c][2]
            offset = np.einsum("v,pvd->pd", [a, b, c], CORNERS)
            row, column = node_index(2 * k * square + offset[part], m)
            result += shape * values[:, row, column]
    return result
