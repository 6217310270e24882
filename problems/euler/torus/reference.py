"""The reference of the Euler torus: finite elements, or spectral without dolfinx."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import reference_fem
from ncl_deepxde.arrays import Array
from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.files import arrays_in, write_arrays
from reference_fem import spectral

from ..fem import conservation, describe_fem, solve_by_fem
from . import initial_state
from .settings import TorusSettings

__all__ = ["compute", "describe", "load"]

SAVED_TIMES = 41
START = Path(__file__).with_name("initial_state.py")


def compute(settings: TorusSettings, path: Path) -> None:
    """Solve the reference problem and write it to a file.

    Without dolfinx the pseudo-spectral solver steps in.

    Args:
        settings: Settings of a preset.
        path: The npz file to write.

    Raises:
        RuntimeError: The solver failed.
    """
    if find_spec("dolfinx") is None:
        print(
            "ncl-deepxde: dolfinx is not installed, so the pseudo-spectral solver "
            "computes the reference. For finite elements: pip install ncl-deepxde[fem]",
            file=sys.stderr,
        )
        solution = spectral.solve(
            initial_state.density,
            initial_state.velocity,
            n=2 * settings.reference.n,
            t_end=settings.t_end,
            save_times=list(np.linspace(0, settings.t_end, SAVED_TIMES)),
        )
        write_arrays(path, {"times": solution.times, "fields": solution.fields})
        return
    solve_by_fem("torus", START, settings, path, SAVED_TIMES)


def load(path: Path) -> Solution:
    """Read the reference from a file that :func:`compute` wrote.

    Raises:
        ValueError: The file is not such a file.
    """
    found = _spectral(path)
    saved = found or reference_fem.load(path)

    def solution(points: Array, time: float) -> dict[str, Array]:
        return {**saved.evaluate(points, time)}

    return solution


def describe(path: Path) -> dict[str, Any]:
    """Tell the settings of a reference and how well it conserves."""
    found = _spectral(path)
    if found is None:
        return describe_fem(path)
    facts = {"solver": "pseudo-spectral", "n": found.fields.shape[-1]}
    return {**facts, **conservation(found.mass, found.energy)}


def _spectral(path: Path) -> spectral.SpectralSolution | None:
    with suppress(ValueError), arrays_in(path) as data:
        if "fields" in data:
            return spectral.SpectralSolution(data["times"], data["fields"])
    return None
