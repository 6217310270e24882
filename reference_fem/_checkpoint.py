"""Checkpoints of a march: a march that was killed goes on to the same numbers.

Whenever a checkpoint is written, the linear solvers forget what they keep between
steps. So a march that begins at it computes what the march that wrote it computes, to
round-off.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import _archive
from ._arrays import Array
from ._dolfinx import fem
from ._mesh_source import on_first

EVERY = 20
"""Steps between two checkpoints."""
FORMAT = "ncl-deepxde checkpoint of a march 1"
REMEDY = "delete it to start from the initial state, or name another file"

Fields = tuple[Array, Array, Array]
"""Density, velocity and pressure at the nodes."""


@dataclass
class SavedMarch:
    """What a march has found so far.

    Attributes:
        step: Number of the last step.
        fields: Fields at the times to save.
        rows: Numbers of each step, from the initial state on.
    """

    step: int = 0
    fields: list[Fields] = field(default_factory=list)
    rows: list[dict[str, float]] = field(default_factory=list)


class Checkpoint:
    """The file that holds the state of a march.

    Args:
        path: The file.
        scheme: Scheme at its initial state.
        march: Numbers that make out the march.
    """

    def __init__(
        self, path: str | os.PathLike[str], scheme: Any, march: Mapping[str, Any]
    ) -> None:
        self.path, self.scheme = Path(path), scheme
        self.comm = scheme.R.mesh.comm
        header = {"format": FORMAT, "processes": self.comm.size, **march}
        header["initial"] = scheme.diagnostics(0.0)
        self.header = json.dumps(header)

    def load(self) -> SavedMarch | None:
        """Put the scheme into the state of the file, where there is one.

        Returns:
            What the march had found, or ``None`` if there is no file.

        Raises:
            ValueError: If the file is damaged or of another march.
        """
        if not on_first(self.comm, self.path.is_file):
            return None
        arrays = on_first(self.comm, self._read)
        for name, function in self.scheme.functions.items():
            _scatter(function, arrays[f"state/{name}"])
        self.scheme.forget()
        step = int(arrays["step"])
        saved = (arrays[name] for name in ("rho", "u", "p"))
        rows = _archive.below("diagnostics/", arrays)
        return SavedMarch(
            step,
            list(zip(*saved, strict=True)),
            [
                {name: float(column[k]) for name, column in rows.items()}
                for k in range(step + 1)
            ],
        )

    def _read(self) -> dict[str, Any]:
        arrays = _archive.read(self.path, "checkpoint", REMEDY, _unpack)
        if str(arrays["header"]) != self.header:
            raise ValueError(
                f"checkpoint must be a file of the same march, got {str(self.path)!r} "
                f"of another one ({arrays['header']}, now {self.header}); {REMEDY}"
            )
        return arrays

    def save(self, record: SavedMarch) -> None:
        """Write the state, at once or not at all; the solvers forget.

        Args:
            record: What the march has found.

        Raises:
            OSError: If the file cannot be written.
        """
        state = {
            f"state/{name}": _gather(function)
            for name, function in self.scheme.functions.items()
        }
        on_first(self.comm, lambda: self._write(state, record))
        self.scheme.forget()

    def _write(self, state: Mapping[str, Array], record: SavedMarch) -> None:
        saved = zip(*record.fields, strict=True) if record.fields else ((), (), ())
        names = ("rho", "u", "p")
        fields = {n: np.array(part) for n, part in zip(names, saved, strict=True)}
        rows = record.rows
        columns = {
            f"diagnostics/{name}": np.array([row[name] for row in rows])
            for name in rows[0]
        }
        head = {"header": np.array(self.header), "step": np.array(record.step)}
        _archive.write(self.path, {**head, **state, **fields, **columns})


def _unpack(arrays: dict[str, Any]) -> dict[str, Any]:
    if json.loads(str(arrays["header"]))["format"] != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    return arrays


def _gather(function: fem.Function) -> Array:
    """Return the owned degrees of freedom of all processes, on the first one."""
    dofmap, comm = function.function_space.dofmap, function.function_space.mesh.comm
    owned = function.x.array[: dofmap.index_map.size_local * dofmap.index_map_bs]
    parts = comm.gather(owned.copy())
    return np.concatenate(parts) if comm.rank == 0 else owned


def _scatter(function: fem.Function, values: Array) -> None:
    """Give each process its degrees of freedom."""
    dofmap = function.function_space.dofmap
    start, end = (dofmap.index_map_bs * k for k in dofmap.index_map.local_range)
    function.x.array[: end - start] = values[start:end]
    function.x.scatter_forward()
