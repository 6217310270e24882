"""Fields for ParaView: one mesh file per time and a collection that carries times."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import meshio
import numpy as np
from numpy.typing import NDArray

from ..evaluation.metrics import Array, Solution, Times
from ..files import replacing


def write_paraview(
    directory: str | os.PathLike[str],
    name: str,
    solution: Solution,
    times: Times,
    *,
    n: int = 64,
) -> Path:
    """Write a flow on the unit torus as ``name_0000.vtu``, ... and ``name.pvd``.

    The values at 0 are repeated at 1, so the periodic seam is closed. Point data are
    ``rho``, ``p`` (scalars) and ``u`` (three components, the last one zero).

    Args:
        directory: Where to write; made if missing.
        name: Start of the file names, of letters, digits, ``-``, ``_`` and ``.``.
        solution: The flow.
        times: Times to write, in this order.
        n: Cells per axis.

    Returns:
        The path of the collection, which is what ParaView opens.

    Raises:
        ValueError: If the name is not fit for a file name.
    """
    points, quads = _unit_square(n)
    nodes = np.stack(np.meshgrid(*[np.arange(n) / n] * 2, indexing="ij"), axis=-1)

    def data(time: float) -> dict[str, Array]:
        values = solution(nodes.reshape(n * n, 2), time)
        return {key: _close_seam(value, n) for key, value in values.items()}

    mesh = meshio.Mesh(points, [("quad", quads)])
    return _write_series(Path(directory), name, mesh, data, times)


def write_paraview_ball(
    directory: str | os.PathLike[str],
    name: str,
    solution: Solution,
    times: Times,
    *,
    n: int = 24,
) -> Path:
    """Write a flow in the unit ball; arguments and files as in ``write_paraview``."""
    points, cells = _unit_ball(n)

    def data(time: float) -> dict[str, Array]:
        return {
            key: np.squeeze(v, 1) if v.shape[1] == 1 else v
            for key, v in solution(points, time).items()
        }

    mesh = meshio.Mesh(points, [("hexahedron", cells)])
    return _write_series(Path(directory), name, mesh, data, times)


def _write_series(
    directory: Path,
    name: str,
    mesh: meshio.Mesh,
    data: Callable[[float], Mapping[str, Array]],
    times: Times,
) -> Path:
    """Write one file per time, with the point data of that time, and a collection."""
    if not re.fullmatch(r"[\w.-]+", name):
        raise ValueError(
            f"name: may hold letters, digits, '-', '_' and '.', got {name!r}."
        )
    files = []
    for index, time in enumerate(times):
        mesh.point_data = dict(data(time))
        file = directory / f"{name}_{index:04d}.vtu"
        with replacing(file) as temporary:
            mesh.write(temporary)
        files.append(file.name)
    collection = directory / f"{name}.pvd"
    _write_collection(collection, files, times)
    return collection


def _unit_square(n: int) -> tuple[Array, NDArray[np.int64]]:
    """Nodes ((n+1)**2, 3), y fastest, and counterclockwise quadrilaterals (n*n, 4)."""
    axis = np.linspace(0.0, 1.0, n + 1)
    x, y = np.meshgrid(axis, axis, indexing="ij")
    points = np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3)
    index = np.arange((n + 1) ** 2).reshape(n + 1, n + 1)
    corners = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    return points, np.stack(corners, axis=-1).reshape(-1, 4)


def _unit_ball(n: int) -> tuple[Array, NDArray[np.int64]]:
    """Nodes ((n+1)**3, 3) and hexahedra (n**3, 8): a cube whose shells are blown up."""
    axis = np.linspace(-1.0, 1.0, n + 1)
    cube = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    shell = np.abs(cube).max(axis=-1, keepdims=True)
    radius = np.linalg.norm(cube, axis=-1, keepdims=True)
    points = cube * shell / np.where(radius > 0, radius, 1.0)
    index = np.arange((n + 1) ** 3).reshape(n + 1, n + 1, n + 1)
    low, high = slice(None, -1), slice(1, None)
    square = (low, low), (high, low), (high, high), (low, high)
    corners = [index[x, y, z] for z in (low, high) for x, y in square]
    return points.reshape(-1, 3), np.stack(corners, axis=-1).reshape(-1, 8)


def _close_seam(value: Array, n: int) -> Array:
    """Repeat the first row and column: (n*n, k) to ((n+1)**2,) or ((n+1)**2, 3)."""
    grid = np.asarray(value, dtype=np.float64).reshape(n, n, -1)
    closed = np.pad(grid, [(0, 1), (0, 1), (0, 0)], mode="wrap").reshape(
        (n + 1) ** 2, -1
    )
    if closed.shape[1] == 1:
        return closed[:, 0]
    return np.pad(closed, [(0, 0), (0, 3 - closed.shape[1])])


def _write_collection(path: Path, files: Sequence[str], times: Times) -> None:
    root = ElementTree.Element("VTKFile", type="Collection", version="0.1")
    collection = ElementTree.SubElement(root, "Collection")
    for file, time in zip(files, times, strict=True):
        ElementTree.SubElement(
            collection, "DataSet", timestep=repr(float(time)), part="0", file=file
        )
    ElementTree.indent(root)
    with replacing(path) as temporary:
        ElementTree.ElementTree(root).write(
            temporary, encoding="utf-8", xml_declaration=True
        )
