"""ParaView files of a flow: quadratic cells per time, and a collection."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ._arrays import Array, Integers

__all__ = ["QuadraticMesh", "write_series"]


class QuadraticMesh(NamedTuple):
    """A mesh of quadratic cells.

    Attributes:
        points: Nodes (P, dim).
        kind: Kind of the cells as meshio calls it.
        cells: Nodes of the cells (C, nodes), in the order of VTK.
    """

    points: Array
    kind: str
    cells: Integers


def write_series(
    directory: str | os.PathLike[str],
    mesh: QuadraticMesh,
    times: Array,
    evaluate: Callable[[Array, float], dict[str, Array]],
) -> Path:
    """Write ``solution_0000.vtu`` ... and ``solution.pvd``; fields rho, u, p.

    Args:
        directory: Folder for the files, created if missing.
        mesh: Cells to draw.
        times: Times to write (T,).
        evaluate: Gives the fields (P, 1), (P, dim), (P, 1) at points and a time.

    Returns:
        Path of the .pvd file.
    """
    import meshio  # here, as it takes longer to import than a result to load

    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    padding = (0, 0), (0, 3 - mesh.points.shape[1])
    points, cells = np.pad(mesh.points, padding), [(mesh.kind, mesh.cells)]
    entries = []
    for index, time in enumerate(times):
        values = evaluate(mesh.points, float(time))
        data = {
            "rho": values["rho"][:, 0],
            "u": np.pad(values["u"], padding),
            "p": values["p"][:, 0],
        }
        name = f"solution_{index:04d}.vtu"
        meshio.Mesh(points, cells, point_data=data).write(folder / name)
        entries.append(f'    <DataSet timestep="{time:.12g}" file="{name}"/>\n')
    collection = folder / "solution.pvd"
    collection.write_text(
        '<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1">\n'
        f"  <Collection>\n{''.join(entries)}  </Collection>\n</VTKFile>\n"
    )
    return collection
