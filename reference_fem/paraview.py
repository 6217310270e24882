"""ParaView files of a result: quadratic triangles per time, and a collection."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import meshio
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from reference_fem.result import TorusResult

# corners, then midpoints of the edges, of both triangles in half squares
QUADRATIC = np.array(
    [
        [[0, 0], [2, 0], [2, 2], [1, 0], [2, 1], [1, 1]],
        [[0, 0], [2, 2], [0, 2], [1, 1], [1, 2], [0, 1]],
    ]
)


def _quadratic_mesh(n: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return points ((2n+1)^2, 3) and cells (2 n^2, 6); the seam is on both sides."""
    axis = np.arange(2 * n + 1)
    i, j = (a.ravel() for a in np.meshgrid(axis, axis, indexing="ij"))
    points = np.stack([i, j, 0 * i], axis=1) / (2 * n)
    corner = 2 * np.stack(np.divmod(np.arange(n * n), n), axis=1)
    nodes = corner[:, None, None, :] + QUADRATIC[None]
    cells = nodes[..., 0] * (2 * n + 1) + nodes[..., 1]
    return points, cells.reshape(-1, 6)


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
