"""The reference of the cavity: finite elements, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import reference_fem
from ncl_deepxde.evaluation.metrics import Array, Solution

from .equations import VISCOSITY
from .settings import CavitySettings

__all__ = ["compute", "describe", "load"]

SCRIPT = Path(__file__).with_name("finite_elements.py")


def compute(settings: CavitySettings, path: Path) -> None:
    """Solve by finite elements and write the flow to a file.

    Args:
        settings: Settings of a preset.
        path: The npz file to write.

    Raises:
        RuntimeError: The solver failed.
    """
    # -P: the modules beside the script are not to be found by their bare names
    command = [sys.executable, "-P", str(SCRIPT), str(settings.reference.h)]
    command += [str(VISCOSITY), str(path.resolve())]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise RuntimeError(
            f"reference: the finite-element solver ended with code {done.returncode}; "
            "its message stands above. Domains in words need the extras fem and mesh: "
            f"pip install 'ncl-deepxde[fem,mesh]'. Alone: {' '.join(command[1:])}"
        )


def load(path: Path) -> Solution:
    """Read the flow from a file.

    Args:
        path: The npz file.
    """
    found = reference_fem.load(path)

    def flow(points: Array, time: float) -> dict[str, Array]:
        return dict(found.evaluate(points, time))

    return flow


def describe(path: Path) -> dict[str, Any]:
    """Tell the settings of a solution in a file.

    Args:
        path: The npz file.
    """
    found = reference_fem.load(path)
    return {
        "solver": "finite elements (dolfinx)",
        "triangles": len(found.mesh["cells"]),
        **found.parameters,
    }
