"""The solution of a finite-element run: evaluation, diagnostics and a portable file."""

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from reference_fem import lattice
from reference_fem.solution import Array, Solution

FORMAT = "ncl-deepxde reference torus 1"
FIELDS = ("times", "rho", "u", "p")


@dataclass
class TorusResult(Solution):
    r"""Lagrange fields on the periodic unit square, known by their nodal values.

    Triangles and nodes are those of :mod:`reference_fem.lattice`.

    Attributes:
        times: Saved times (T,).
        rho: Density (T, m, m / 2), degree k = ``parameters["degree"]``, m = 2 k n.
        u: Velocity (T, 2, m, m / 2), same degree.
        p: Pressure (T, l, l / 2), degree k - 1, mean zero.
        diagnostics: Per time step (num_steps + 1,): ``time``, ``mass``, ``energy``,
            ``divergence`` (L2 norm of div u), ``min_density``, ``max_density`` (at the
            nodes), ``density_iterations``, ``velocity_iterations``,
            ``pressure_iterations``.
        parameters: ``n``, ``degree``, ``dt``, ``num_steps``, ``grad_div``,
            ``seconds``, ``processes``.
    """

    times: Array
    rho: Array
    u: Array
    p: Array
    diagnostics: dict[str, Array]
    parameters: dict[str, Any] = field(default_factory=dict)

    def _snapshot(self, index: int, points: Array) -> Array:
        n = int(self.parameters["n"])
        fine = np.concatenate([self.rho[index][None], self.u[index]])
        return np.concatenate(
            [
                lattice.evaluate(fine, n, points),
                lattice.evaluate(self.p[index][None], n, points),
            ]
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one npz file, at once or not at all.

        Args:
            path: File to write; existing files are replaced.

        Raises:
            OSError: If the directory is missing or not writable.
        """
        target = Path(path)
        arrays = {name: getattr(self, name) for name in FIELDS}
        arrays |= {f"diagnostics/{name}": v for name, v in self.diagnostics.items()}
        header = json.dumps({"format": FORMAT, "parameters": self.parameters})
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".reference-")
        try:
            with os.fdopen(handle, "wb") as stream:
                np.savez(stream, header=np.array(header), **arrays)
            os.chmod(temporary, 0o644)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise

    def write_paraview(self, directory: str | os.PathLike[str]) -> Path:
        """Write one .vtu file per saved time and a .pvd collection with the times.

        Args:
            directory: Folder for the files, created if missing.

        Returns:
            Path of the .pvd file, to be opened in ParaView.
        """
        from reference_fem.paraview import write_series

        return write_series(self, directory)


def load(path: str | os.PathLike[str]) -> TorusResult:
    """Read a result that :meth:`TorusResult.save` wrote; needs numpy only.

    Args:
        path: The npz file.

    Returns:
        The result.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is truncated or not a reference solution.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"no reference solution at {os.fspath(path)!r}; write one with "
            "`python -m reference_fem torus --out FILE`"
        )
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            return _unpack(dict(archive))
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{os.fspath(path)!r} is not a complete reference solution ({error}); "
            "write it again with `python -m reference_fem torus --out FILE`"
        ) from error


def _unpack(arrays: Mapping[str, Any]) -> TorusResult:
    header = json.loads(str(arrays["header"]))
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    prefix = "diagnostics/"
    diagnostics = {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }
    fields = {name: arrays[name] for name in FIELDS}
    return TorusResult(
        **fields, diagnostics=diagnostics, parameters=header["parameters"]
    )
