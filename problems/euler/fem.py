"""References by finite elements, computed in another process.

MPI, which dolfinx starts, and DeepXDE do not go together in one process.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

import reference_fem
from ncl_deepxde.arrays import Array

from .settings import EulerSettings

__all__ = ["conservation", "describe_fem", "solve_by_fem"]


def solve_by_fem(
    domain: str, start: Path, settings: EulerSettings, path: Path, save_times: int
) -> None:
    """Run ``python -m reference_fem``.

    Args:
        domain: Name of the domain on the command line, ``"torus"`` or ``"ball"``.
        start: File with the initial state, see :mod:`reference_fem.starts`.
        settings: Settings of a preset.
        path: The npz file to write.
        save_times: Number of saved times.

    Raises:
        RuntimeError: The solver failed.
    """
    sizes = settings.reference
    command = [sys.executable, "-m", "reference_fem", domain, "--start", str(start)]
    command += ["--n", str(sizes.n), "--dt", str(sizes.dt)]
    command += ["--t-end", repr(settings.t_end)]
    command += ["--save-times", str(save_times), "--out", str(path.resolve())]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise RuntimeError(
            f"reference: the finite-element solver ended with code {done.returncode}; "
            f"its message stands above. To see it alone: {' '.join(command[1:])}"
        )


def describe_fem(path: Path) -> dict[str, Any]:
    """Tell the settings of a solution in a file and how well it conserves."""
    result = reference_fem.load(path)
    found = result.diagnostics
    return {
        "solver": "finite elements (dolfinx)",
        **result.parameters,
        **{
            f"largest_{name}": float(found[name].max())
            for name in ("divergence", "wall_leakage")
            if name in found
        },
        **conservation(found["mass"], found["energy"]),
    }


def conservation(mass: Array, energy: Array) -> dict[str, float]:
    """Return the largest relative changes of mass and energy over time, (T,) each."""
    return {
        "mass_drift": float(np.abs(mass / mass[0] - 1).max()),
        "energy_drift": float(np.abs(energy / energy[0] - 1).max()),
    }
