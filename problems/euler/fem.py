"""References by finite elements, computed in another process.

MPI, which dolfinx starts, and DeepXDE do not go together in one process.
"""

from __future__ import annotations

import os
import shutil
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
    """Run ``python -m reference_fem``, under ``mpirun`` by several processes.

    Their number is ``REFERENCE_PROCESSES`` in the environment, by default one.

    Args:
        domain: Name of the domain on the command line, ``"torus"`` or ``"ball"``.
        start: File with the initial state, see :mod:`reference_fem.starts`.
        settings: Settings of a preset.
        path: The npz file to write.
        save_times: Number of saved times.

    Raises:
        RuntimeError: The solver failed, or there is no ``mpirun``.
    """
    sizes = settings.reference
    command = _launched(int(os.environ.get("REFERENCE_PROCESSES", "1")))
    command += [sys.executable, "-m", "reference_fem", domain, "--start", str(start)]
    command += ["--n", str(sizes.n), "--dt", str(sizes.dt)]
    command += ["--t-end", repr(settings.t_end)]
    command += ["--save-times", str(save_times), "--out", str(path.resolve())]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        words = command[command.index("-m") :]
        raise RuntimeError(
            f"reference: the finite-element solver ended with code {done.returncode}; "
            f"its message stands above. To see it alone: {' '.join(words)}"
        )


def _launched(number: int) -> list[str]:
    """Return the words that start a command in several processes."""
    if number == 1:
        return []
    # That of the same wheel as dolfinx, whose MPI it must be.
    beside = Path(sys.executable).with_name("mpirun")
    found = str(beside) if beside.exists() else shutil.which("mpirun")
    if found is None:
        raise RuntimeError(
            f"--reference-processes: {number} processes need mpirun, and there is "
            "none. Install it with dolfinx (pip install ncl-deepxde[fem]), or leave "
            "the option out."
        )
    return [found, "-n", str(number)]


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
