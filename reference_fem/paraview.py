"""ParaView files of a result: quadratic triangles per time, and a collection."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import meshio
import numpy as np
from numpy.typing import NDArray

from reference_fem.lattice import cell_corners

if TYPE_CHECKING:
    from reference_fem.result import TorusResult


def _quadratic_mesh(n: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return points (P, 3) and cells (4 n^2, 6): corners, then midpoints of edges.

    The mesh is not periodic: nodes on the seam appear on both sides.
    """
    corners = cell_corners(np.arange(4 * n * n), n)
    nodes = np.concatenate(
        [2 * corners, corners + np.roll(corners, -1, axis=1)], axis=1
    )
    points, cells = np.unique(nodes.reshape(-1, 2), axis=0, return_inverse=True)
    return np.pad(points / (4 * n), ((0, 0), (0, 1))), cells.reshape(-1, 6)


def write_series(result: "TorusResult", directory: str | os.PathLike[str]) -> Path:
    """Write ``solution_0000.vtu`` ... and ``solution.pvd``; fields rho, u, p.

    Args:
        result: Solution to write.
        directory: Folder for the files, created if missing.

    Returns:
        Path of the .pvd file.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    points, cells = _quadratic_mesh(int(result.parameters["n"]))
    entries = []
    for index, time in enumerate(result.times):
        values = result.evaluate(points[:, :2], float(time))
        data = {
            "rho": values["rho"][:, 0],
            "u": np.pad(values["u"], ((0, 0), (0, 1))),
            "p": values["p"][:, 0],
        }
        name = f"solution_{index:04d}.vtu"
        meshio.Mesh(points, [("triangle6", cells)], point_data=data).write(
            folder / name
        )
        entries.append(f'    <DataSet timestep="{time:.12g}" file="{name}"/>\n')
    collection = folder / "solution.pvd"
    collection.write_text(
        '<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1">\n'
        f"  <Collection>\n{''.join(entries)}  </Collection>\n</VTKFile>\n"
    )
    return collection
