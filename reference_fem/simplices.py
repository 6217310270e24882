r"""Fields on triangles and tetrahedra: shape functions, point location, evaluation.

With barycentric coordinates :math:`\lambda` of the reference simplex, the Lagrange
shape function of degree k at the node :math:`\alpha / k`, :math:`|\alpha| = k`, is

.. math::
    N_\alpha(\lambda) = \prod_a P_{\alpha_a}(\lambda_a), \qquad
    P_m(z) = \prod_{i < m} \frac{k z - i}{i + 1},

and a cell is the image of :math:`x(\lambda) = \sum_\alpha N_\alpha(\lambda) X_\alpha`
with nodes :math:`X_\alpha`; cells of degree 1 are straight.
"""

import itertools
import math
from functools import cache

import numpy as np
from scipy.spatial import cKDTree

from ._arrays import Array, Integers

CANDIDATES = (32, 512)
"""Cells tried for a point, nearest centers first; 20 were enough in the ball, graded
meshes need more, which are tried for points that no cell was found for."""
OUTSIDE = 0.1
"""How far, in barycentric coordinates, a point may be outside of a straight cell at a
curved wall; the sagitta of a chord is h^2 / 8 r."""
INSIDE, NEAR = 1e-9, 0.3
"""A point is inside (or near) if no barycentric coordinate is below minus this."""


@cache
def exponents(dim: int, degree: int) -> Integers:
    """Return the nodes alpha (nodes, dim + 1) of a simplex, corners first.

    Nodes on edges follow, edges by the corners that they leave out, as in dolfinx;
    then all others.

    Args:
        dim: Dimension of the simplex.
        degree: Degree k.
    """
    unit = np.eye(dim + 1, dtype=np.int64)
    nodes = list(degree * unit)
    for a, b in reversed(list(itertools.combinations(range(dim + 1), 2))):
        nodes += [(degree - i) * unit[a] + i * unit[b] for i in range(1, degree)]
    known = {tuple(node) for node in nodes}
    lattice = itertools.product(range(degree + 1), repeat=dim + 1)
    nodes += [
        np.array(node) for node in lattice if sum(node) == degree and node not in known
    ]
    return np.array(nodes)


@cache
def degree_of(dim: int, count: int) -> int:
    """Return the degree of a simplex with so many nodes.

    Args:
        dim: Dimension of the simplex.
        count: Number of nodes.
    """
    return next(k for k in itertools.count(1) if math.comb(k + dim, dim) == count)


def _powers(barycentric: Array, degree: int) -> Array:
    """Return P_0 ... P_k (N, dim + 1, k + 1) at barycentric coordinates."""
    i = np.arange(degree)
    factors = (degree * barycentric[..., None] - i) / (i + 1)
    ones = np.ones((*barycentric.shape, 1))
    return np.concatenate([ones, np.cumprod(factors, axis=-1)], axis=-1)


def _power_slopes(barycentric: Array, degree: int) -> Array:
    """Return the derivatives (N, dim + 1, k + 1) of P_0 ... P_k."""
    i = np.arange(degree)
    values = _powers(barycentric, degree)
    slopes = np.zeros_like(values)
    for m in i:
        factor = (degree * barycentric - m) / (m + 1)
        slopes[..., m + 1] = slopes[..., m] * factor + values[..., m] * degree / (m + 1)
    return slopes


def shape_functions(barycentric: Array, degree: int) -> Array:
    """Return the shape functions (N, nodes) at barycentric coordinates (N, dim + 1).

    Args:
        barycentric: Barycentric coordinates.
        degree: Degree k.
    """
    alpha = exponents(barycentric.shape[1] - 1, degree)
    powers, axis = _powers(barycentric, degree), np.arange(alpha.shape[1])
    return np.asarray(np.prod(powers[:, axis, alpha], axis=2))


def shape_slopes(barycentric: Array, degree: int) -> Array:
    """Return their derivatives (N, nodes, dim + 1) by the barycentric coordinates.

    Args:
        barycentric: Barycentric coordinates (N, dim + 1).
        degree: Degree k.
    """
    alpha = exponents(barycentric.shape[1] - 1, degree)
    axis = np.arange(alpha.shape[1])
    values = _powers(barycentric, degree)[:, axis, alpha]
    slopes = _power_slopes(barycentric, degree)[:, axis, alpha]
    parts = [np.where(axis == a, slopes, values).prod(axis=2) for a in axis]
    return np.stack(parts, axis=2)


def invert(cells: Array, points: Array, start: Array) -> Array:
    """Return the barycentric coordinates of points in curved cells, by Newton's method.

    Args:
        cells: Nodes of the cells (N, nodes, dim).
        points: Points (N, dim), inside of their cells or close to them.
        start: Barycentric coordinates (N, dim + 1) to start from.

    Returns:
        Barycentric coordinates (N, dim + 1).
    """
    degree = degree_of(points.shape[1], cells.shape[1])
    barycentric = start
    for _ in range(8):
        image = np.einsum("ni,nix->nx", shape_functions(barycentric, degree), cells)
        slopes = shape_slopes(barycentric, degree)
        slopes = slopes[:, :, 1:] - slopes[:, :, :1]
        jacobian = np.einsum("nix,nia->nxa", cells, slopes)
        step = np.linalg.solve(jacobian, (points - image)[:, :, None])[:, :, 0]
        barycentric = _with_first(barycentric[:, 1:] + step)
        if np.abs(step).max(initial=0) < 1e-13:
            break
    return barycentric


def _with_first(local: Array) -> Array:
    """Return all barycentric coordinates (N, dim + 1), given all but the first."""
    return np.column_stack([1 - local.sum(axis=1), local])


class Locator:
    """Finds the cells of points.

    Args:
        nodes: Nodes (P, dim).
        cells: Cells (C, nodes), in the order of :func:`exponents`.
    """

    def __init__(self, nodes: Array, cells: Integers) -> None:
        self.nodes, self.cells = nodes, cells
        self.dim = dim = nodes.shape[1]
        x = nodes[cells]
        self.tree = cKDTree(x[:, : dim + 1].mean(axis=1))
        edges = (x[:, 1 : dim + 1] - x[:, :1]).transpose(0, 2, 1)
        self.origin, self.inverse = x[:, 0], np.linalg.inv(edges)
        degree = degree_of(dim, cells.shape[1])
        straight = np.einsum(
            "ia,cax->cix", exponents(dim, degree) / degree, x[:, : dim + 1]
        )
        size = np.abs(edges).max(axis=(1, 2))
        self.is_curved = np.abs(x - straight).max(axis=(1, 2)) > 1e-13 * size

    def locate(self, points: Array) -> tuple[Integers, Array]:
        """Return the cells (N,) of points, and their barycentric coordinates.

        A point in no cell, such as one on a curved wall between nodes, belongs to the
        cell that it leaves least; its coordinates (N, dim + 1) extrapolate.

        Args:
            points: Points (N, dim).
        """
        best = np.full(len(points), -np.inf)
        found = np.zeros(len(points), dtype=np.int64)
        barycentric = np.zeros((len(points), self.dim + 1))
        tried = 0
        for count in CANDIDATES:
            lost = np.flatnonzero(best < -INSIDE)
            count = min(count, len(self.cells))
            if not lost.size or count == tried:
                break
            near = self.tree.query(points[lost], count)[1].reshape(len(lost), count)
            for candidate in near.T[tried:]:
                is_left = best[lost] < -INSIDE
                left, cells = lost[is_left], candidate[is_left]
                if not left.size:
                    break
                trial = self._coordinates(cells, points[left])
                depth = trial.min(axis=1)
                better = depth > best[left]
                rows = left[better]
                found[rows], barycentric[rows] = cells[better], trial[better]
                best[rows] = depth[better]
            tried = count
        return found, barycentric

    def locate_inside(self, points: Array) -> tuple[Integers, Array]:
        """Return the same for points that must not lie outside.

        Args:
            points: Points (N, dim).

        Raises:
            ValueError: If a point lies farther outside than a mesh of straight cells
                rounds off a curved wall.
        """
        found, place = self.locate(points)
        depth = place.min(axis=1, initial=0)
        if depth.min(initial=0) < -OUTSIDE:
            worst = int(depth.argmin())
            raise ValueError(
                "points must lie in the mesh, or beside a wall that it rounds off, got "
                f"{points[worst].tolist()}; leave such points out"
            )
        return found, place

    def _coordinates(self, cells: Integers, points: Array) -> Array:
        """Return barycentric coordinates; cells far off count as straight."""
        shift = points - self.origin[cells]
        trial = _with_first(np.einsum("nax,nx->na", self.inverse[cells], shift))
        curved = np.flatnonzero(self.is_curved[cells] & (trial.min(axis=1) > -NEAR))
        trial[curved] = invert(
            self.nodes[self.cells[cells[curved]]], points[curved], trial[curved]
        )
        return trial


def interpolate(values: Array, dofs: Integers, barycentric: Array) -> Array:
    """Return the values (F, N) of Lagrange fields at points of cells.

    Args:
        values: Nodal values (F, P).
        dofs: Nodes of the cell of each point (N, nodes), as in :func:`exponents`.
        barycentric: Barycentric coordinates (N, dim + 1) in these cells.
    """
    degree = degree_of(barycentric.shape[1] - 1, dofs.shape[1])
    shapes = shape_functions(barycentric, degree)
    return np.asarray(np.einsum("fni,ni->fn", values[:, dofs], shapes))


def gradients(values: Array, dofs: Integers, nodes: Array, barycentric: Array) -> Array:
    """Return the gradients (F, N, dim) of Lagrange fields at points of cells.

    Args:
        values: Nodal values (F, P).
        dofs: Nodes of the field in the cell of each point (N, nodes).
        nodes: Nodes of the cell of each point (N, nodes, dim), straight or curved.
        barycentric: Barycentric coordinates (N, dim + 1) in these cells.
    """
    dim = nodes.shape[2]

    def local(count: int) -> Array:
        slopes = shape_slopes(barycentric, degree_of(dim, count))
        return slopes[:, :, 1:] - slopes[:, :, :1]

    jacobian = np.einsum("nix,nia->nax", nodes, local(nodes.shape[1]))
    slopes = np.einsum("fni,nia->nfa", values[:, dofs], local(dofs.shape[1]))
    found = np.linalg.solve(jacobian, slopes.transpose(0, 2, 1))
    return np.asarray(found.transpose(2, 0, 1))
