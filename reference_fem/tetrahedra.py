r"""Fields on second-order tetrahedra: shape functions, point location, evaluation.

With barycentric coordinates :math:`\lambda` of the reference tetrahedron, the shape
functions are :math:`\lambda_a (2 \lambda_a - 1)` at the corners and
:math:`4 \lambda_a \lambda_b` in the middles of edges, and a cell is the image of
:math:`x(\lambda) = \sum_i N_i(\lambda) X_i` with its ten nodes :math:`X_i`.
"""

import numpy as np
from scipy.spatial import cKDTree

from ._arrays import Array, Integers
from .ball_mesh import EDGES

CANDIDATES = 32
"""Cells tried for a point, nearest centers first; 20 were enough in the ball."""
INSIDE, NEAR = 1e-9, 0.3
"""A point is inside (or near) if no barycentric coordinate is below minus this."""


def shape_functions(barycentric: Array) -> Array:
    """Return the shape functions (N, 10) at barycentric coordinates (N, 4)."""
    corners = barycentric * (2 * barycentric - 1)
    edges = [4 * barycentric[:, a] * barycentric[:, b] for a, b in EDGES]
    return np.column_stack([corners, *edges])


def _shape_slopes(barycentric: Array) -> Array:
    """Return the derivatives (N, 10, 4) with respect to the barycentric coordinates."""
    slopes = np.zeros((len(barycentric), 10, 4))
    for a in range(4):
        slopes[:, a, a] = 4 * barycentric[:, a] - 1
    for edge, (a, b) in enumerate(EDGES, start=4):
        slopes[:, edge, a] = 4 * barycentric[:, b]
        slopes[:, edge, b] = 4 * barycentric[:, a]
    return slopes


def invert(cells: Array, points: Array, start: Array) -> Array:
    """Return the barycentric coordinates of points in curved cells, by Newton's method.

    Args:
        cells: Nodes of the cells (N, 10, 3).
        points: Points (N, 3), inside of their cells or close to them.
        start: Barycentric coordinates (N, 4) to start from.

    Returns:
        Barycentric coordinates (N, 4).
    """
    barycentric = start
    for _ in range(8):
        image = np.einsum("ni,nix->nx", shape_functions(barycentric), cells)
        slopes = _shape_slopes(barycentric)
        slopes = slopes[:, :, 1:] - slopes[:, :, :1]
        jacobian = np.einsum("nix,nia->nxa", cells, slopes)
        step = np.linalg.solve(jacobian, (points - image)[:, :, None])[:, :, 0]
        barycentric = _with_first(barycentric[:, 1:] + step)
        if np.abs(step).max(initial=0) < 1e-13:
            break
    return barycentric


def _with_first(local: Array) -> Array:
    """Return all four barycentric coordinates (N, 4), given the last three (N, 3)."""
    return np.column_stack([1 - local.sum(axis=1), local])


class Locator:
    """Finds the cells of points.

    Args:
        nodes: Nodes (P, 3).
        cells: Cells (C, 10).
    """

    def __init__(self, nodes: Array, cells: Integers) -> None:
        self.nodes, self.cells = nodes, cells
        x = nodes[cells]
        self.tree = cKDTree(x[:, :4].mean(axis=1))
        edges = (x[:, 1:4] - x[:, :1]).transpose(0, 2, 1)
        self.origin, self.inverse = x[:, 0], np.linalg.inv(edges)
        middles = np.stack([x[:, [a, b]].mean(axis=1) for a, b in EDGES], axis=1)
        self.is_curved = np.abs(x[:, 4:] - middles).max(axis=(1, 2)) > 1e-13

    def locate(self, points: Array) -> tuple[Integers, Array]:
        """Return the cells (N,) of points, and barycentric coordinates (N, 4) in them.

        A point in no cell, such as one on a curved wall between nodes, belongs to the
        cell that it leaves least; its coordinates extrapolate.

        Args:
            points: Points (N, 3).
        """
        count = min(CANDIDATES, len(self.cells))
        near = self.tree.query(points, count)[1].reshape(len(points), count)
        best = np.full(len(points), -np.inf)
        found = np.zeros(len(points), dtype=np.int64)
        barycentric = np.zeros((len(points), 4))
        for candidate in near.T:
            left = np.flatnonzero(best < -INSIDE)
            if not left.size:
                break
            trial = self._coordinates(candidate[left], points[left])
            depth = trial.min(axis=1)
            better = depth > best[left]
            rows = left[better]
            found[rows], barycentric[rows] = candidate[rows], trial[better]
            best[rows] = depth[better]
        return found, barycentric

    def _coordinates(self, cells: Integers, points: Array) -> Array:
        """Return barycentric coordinates (N, 4); cells far off count as straight."""
        shift = points - self.origin[cells]
        trial = _with_first(np.einsum("nax,nx->na", self.inverse[cells], shift))
        curved = np.flatnonzero(self.is_curved[cells] & (trial.min(axis=1) > -NEAR))
        trial[curved] = invert(
            self.nodes[self.cells[cells[curved]]], points[curved], trial[curved]
        )
        return trial

    def interpolate(self, values: Array, cells: Integers, barycentric: Array) -> Array:
        """Return the values (F, N) of fields at located points.

        Args:
            values: Nodal values (F, P), or those of degree 1 at the corners (F, C).
            cells: Cells of the points (N,).
            barycentric: Barycentric coordinates (N, 4) in these cells.
        """
        if values.shape[1] == len(self.nodes):
            shapes, nodes = shape_functions(barycentric), self.cells[cells]
        else:
            shapes, nodes = barycentric, self.cells[cells, :4]
        return np.asarray(np.einsum("fni,ni->fn", values[:, nodes], shapes))
