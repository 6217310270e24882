"""Meshes as arrays, before dolfinx shares them among processes; files of meshes."""

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ._arrays import Array, Integers

__all__ = ["RawMesh", "read"]

ORDERS = {
    "triangle": [0, 1, 2],
    "triangle6": [0, 1, 2, 4, 5, 3],
    "tetra": [0, 1, 2, 3],
    "tetra10": [0, 1, 2, 3, 9, 8, 5, 7, 6, 4],
}
"""Kinds of cells as meshio calls them, and where our nodes stand in theirs."""
FACETS = {2: ("line", "line3"), 3: ("triangle", "triangle6")}
TAGS = ("gmsh:physical", "facet_tags", "medit:ref", "cell_tags")
"""Names of cell data that hold facet tags, the first that is there."""


@dataclass(frozen=True)
class RawMesh:
    """A mesh of triangles in the plane or tetrahedra in space.

    Attributes:
        points: Nodes (P, dim).
        cells: Nodes of the cells (C, nodes), straight or quadratic, in the order of
            :func:`reference_fem.simplices.exponents`.
        facets: Corners (F, dim) of the facets that have a tag.
        tags: Their tags (F,).

    Raises:
        ValueError: If a shape is wrong or a node is missing.
    """

    points: Array
    cells: Integers
    facets: Integers
    tags: Integers

    def __post_init__(self) -> None:
        dim, nodes = self.points.shape[1], self.cells.shape[1]
        counts = {2: (3, 6), 3: (4, 10)}
        if nodes not in counts.get(dim, ()) or not len(self.cells):
            raise ValueError(
                "mesh must have triangles in the plane or tetrahedra in space, got "
                f"{len(self.cells)} cells of {nodes} nodes in {dim} dimensions"
            )
        if self.cells.min() < 0 or self.cells.max() >= len(self.points):
            raise ValueError(
                f"mesh must name existing nodes, got cells with nodes from "
                f"{self.cells.min()} to {self.cells.max()} of {len(self.points)}"
            )

    @property
    def dim(self) -> int:
        """Dimension of space."""
        return int(self.points.shape[1])

    @property
    def corners(self) -> Integers:
        """Corners of the cells (C, dim + 1)."""
        return self.cells[:, : self.dim + 1]

    def exterior(self) -> Integers:
        """Return the corners (F, dim) of the facets that one cell has, sorted."""
        sides = [np.delete(self.corners, i, axis=1) for i in range(self.dim + 1)]
        facets, counts = np.unique(
            np.sort(np.concatenate(sides), axis=1), axis=0, return_counts=True
        )
        return np.asarray(facets[counts == 1])


def read(path: str | os.PathLike[str]) -> RawMesh:
    """Read a mesh with facet tags by meshio: Gmsh's .msh, .vtu, .xdmf and others.

    Args:
        path: File. Facets are the lines or triangles in it, their tags the cell data
            ``gmsh:physical``, ``facet_tags``, ``medit:ref`` or ``cell_tags``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read, or holds no triangles or tetrahedra.
    """
    import meshio

    name = os.fspath(path)
    if not Path(name).is_file():
        raise FileNotFoundError(f"no mesh at {name!r}; write one, or name another file")
    # What meshio tells of a file that it refuses is in our error.
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            found = meshio.read(name)
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"{name!r} is no mesh that meshio reads ({type(error).__name__}: "
            f"{' '.join(str(error).split())}); write Gmsh's .msh, .vtu or .xdmf"
        ) from error
    print(said.getvalue(), end="", file=sys.stderr)
    return _from_meshio(found, name)


def _from_meshio(found: Any, name: str) -> RawMesh:
    kinds = {block.type for block in found.cells}
    dim = 3 if kinds & {"tetra", "tetra10"} else 2
    wanted = ("tetra", "tetra10") if dim == 3 else ("triangle", "triangle6")
    mine = [block for block in found.cells if block.type in wanted]
    if len({block.type for block in mine}) != 1:
        raise ValueError(
            f"{name!r} must hold triangles or tetrahedra of one degree, got "
            f"{sorted(kinds)}; mesh it again"
        )
    kind = mine[0].type
    cells = np.concatenate([block.data for block in mine])[:, ORDERS[kind]]
    points = np.asarray(found.points, dtype=np.float64)
    if dim == 2 and points.shape[1] == 3:
        if np.ptp(points[np.unique(cells), 2]) > 1e-12 * np.ptp(points):
            raise ValueError(
                f"{name!r} must have triangles in the plane, got some off z = "
                f"{points[0, 2]:g}; a surface in space is no domain of a flow"
            )
        points = points[:, :2]
    facets, tags = _facets(found, dim)
    points, (cells, facets) = _used(points, cells, facets)
    return RawMesh(points, cells, facets, tags)


def _facets(found: Any, dim: int) -> tuple[Integers, Integers]:
    """Return the corners and tags of facets that have tags."""
    data = next((found.cell_data[key] for key in TAGS if key in found.cell_data), None)
    facets, tags = [np.zeros((0, dim), np.int64)], [np.zeros(0, np.int64)]
    for i, block in enumerate(found.cells):
        if block.type in FACETS[dim] and data is not None:
            facets.append(np.asarray(block.data)[:, :dim])
            tags.append(np.asarray(data[i]).astype(np.int64))
    return np.concatenate(facets), np.concatenate(tags)


def _used(
    points: Array, cells: Integers, facets: Integers
) -> tuple[Array, Sequence[Integers]]:
    """Leave out points of no cell, and number the others anew."""
    used, local = np.unique(cells, return_inverse=True)
    numbers = np.full(len(points), -1)
    numbers[used] = np.arange(len(used))
    return points[used], (local.reshape(cells.shape), numbers[facets])
