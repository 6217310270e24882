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

from reference_fem.solution import Array, Solution

FORMAT = "ncl-deepxde reference torus 1"
FIELDS = ("times", "rho", "u", "p")


@dataclass
class TorusResult(Solution):
    r"""Lagrange fields on the periodic unit square, known by their nodal values.

    The square is cut into n x n squares and each from lower left to upper right into
    two triangles. Node (i, j) of a field with m nodes per axis sits at (i/m, j/m), and
    m = n * (polynomial degree).

    Attributes:
        times: Saved times (T,).
        rho: Density (T, m, m), degree ``parameters["degree"]``.
        u: Velocity (T, 2, m, m), same degree.
        p: Pressure (T, l, l), one degree less, mean zero.
        diagnostics: Per time step (num_steps + 1,): ``time``, ``mass``, ``energy``,
            ``divergence`` (L2 norm of div u), ``min_density``, ``max_density`` (at the
            nodes), ``density_iterations``, ``velocity_iterations``,
            ``pressure_iterations``.
        parameters: ``n``, ``degree``, ``dt``, ``num_steps``, ``order``, ``grad_div``,
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
                evaluate_lagrange(fine, n, points),
                evaluate_lagrange(self.p[index][None], n, points),
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


def evaluate_lagrange(values: Array, n: int, points: Array) -> Array:
    r"""Evaluate periodic Lagrange fields on the lattice of cut squares.

    With k = m / n and barycentric coordinates :math:`\lambda`, the shape function of
    node :math:`(a, b, c) / k`, a + b + c = k, is :math:`P_a(\lambda_1) P_b(\lambda_2)
    P_c(\lambda_3)` with :math:`P_a(z) = \prod_{i < a} (k z - i) / (i + 1)`.

    Args:
        values: Nodal values (F, m, m).
        n: Squares per axis.
        points: Points (N, 2) in [0, 1).

    Returns:
        Values (F, N).
    """
    m = values.shape[-1]
    k = m // n
    square = np.floor(points * n).astype(int)
    x, y = (points * n - square).T
    lower = x >= y
    # corners: (0,0), then (1,0) below or (0,1) above the diagonal, then (1,1)
    barycentric = np.stack([1 - np.maximum(x, y), np.abs(x - y), np.minimum(x, y)])
    factors = [np.ones_like(barycentric)]
    for i in range(k):
        factors.append(factors[-1] * (k * barycentric - i) / (i + 1))
    result = np.zeros((len(values), len(points)))
    for b in range(k + 1):
        for c in range(k + 1 - b):
            shape = factors[k - b - c][0] * factors[b][1] * factors[c][2]
            i = (k * square[:, 0] + c + np.where(lower, b, 0)) % m
            j = (k * square[:, 1] + c + np.where(lower, 0, b)) % m
            result += shape * values[:, i, j]
    return result


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
        with np.load(path, allow_pickle=False) as archive:
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
