"""ParaView files of a result: quadratic cells per time, and a collection."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import meshio
import numpy as np

if TYPE_CHECKING:
    from .result import Result


def write_series(result: "Result", directory: str | os.PathLike[str]) -> Path:
    """Write ``solution_0000.vtu`` ... and ``solution.pvd``; fields rho, u, p.

    Args:
        result: Solution to write.
        directory: Folder for the files, created if missing.

    Returns:
        Path of the .pvd file.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    points, kind, cells = result.quadratic_mesh()
    padding = (0, 0), (0, 3 - result.dim)
    entries = []
    for index, time in enumerate(result.times):
        values = result.evaluate(points, float(time))
        data = {
            "rho": values["rho"][:, 0],
            "u": np.pad(values["u"], padding),
            "p": values["p"][:, 0],
        }
        name = f"solution_{index:04d}.vtu"
        mesh = meshio.Mesh(np.pad(points, padding), [(kind, cells)], point_data=data)
        mesh.write(folder / name)
        entries.append(f'    <DataSet timestep="{time:.12g}" file="{name}"/>\n')
    collection = folder / "solution.pvd"
    collection.write_text(
        '<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1">\n'
        f"  <Collection>\n{''.join(entries)}  </Collection>\n</VTKFile>\n"
    )
    return collection
