"""Initial states for the command line, read from files of Python functions.

The solvers know no experiment: they are given functions. A command cannot be given
functions, so it reads them from a file, which defines

- ``density(x)``: coordinates (dim, N) -> (N,), positive;
- ``velocity(x)``: (dim, N) -> (dim, N), divergence-free.

The file is read by its path and not imported from a package. So it must not use
relative imports, and under ``mpirun`` it must not import DeepXDE, which would start MPI
in its way.

Without a file the command solves the flow of :mod:`ncl_deepxde.problems.euler` on the
same domain. Its formulas stand there once, for networks and finite elements, and this
package, which imports nothing of ``ncl_deepxde``, knows only where that file lies.
"""

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._arrays import SpaceFunction

__all__ = ["FlowStart", "load_start", "published_start"]

PROBLEMS = Path(__file__).parents[1] / "ncl_deepxde" / "problems" / "euler"
"""Folder of the Euler problems, which are installed together with this package."""


@dataclass(frozen=True)
class FlowStart:
    """An initial state.

    Attributes:
        density: Initial density, coordinates (dim, N) -> (N,).
        velocity: Initial velocity, (dim, N) -> (dim, N).
    """

    density: SpaceFunction
    velocity: SpaceFunction


def published_start(domain: str) -> FlowStart:
    """Return the start that Richter-Powell, Lipman and Chen (2022) published.

    Args:
        domain: ``"torus"`` or ``"ball"``.

    Raises:
        ValueError: If the file is missing.
    """
    return load_start(PROBLEMS / domain / "initial_state.py")


def load_start(path: str | os.PathLike[str]) -> FlowStart:
    """Read an initial state from a Python file.

    Args:
        path: File that defines ``density`` and ``velocity``.

    Raises:
        ValueError: If the file is missing, does not run, or lacks a function.
    """
    found = _run(Path(path))
    missing = [name for name in ("density", "velocity") if name not in found]
    if missing:
        raise ValueError(
            f"start must define density(x) and velocity(x), got {os.fspath(path)!r} "
            f"without {' and '.join(missing)}; add what is missing"
        )
    return FlowStart(found["density"], found["velocity"])


def _run(path: Path) -> dict[str, Callable[..., Any]]:
    """Return the functions of a Python file by their names."""
    spec = importlib.util.spec_from_file_location("reference_fem_start", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ValueError(
            f"start must be a Python file, got {str(path)!r}; name one that exists"
        )
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(
            f"start must be a Python file that runs, got {str(path)!r}, which ends "
            f"with {type(error).__name__}: {error}"
        ) from error
    return {name: value for name, value in vars(module).items() if callable(value)}
