"""The reference of the Euler ball: finite elements."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

import reference_fem
from ncl_deepxde.arrays import Array
from ncl_deepxde.evaluation.metrics import Solution

from ..fem import solve_by_fem
from .settings import BallSettings

__all__ = ["compute", "load"]

SAVED_TIMES = 21
START = Path(__file__).with_name("initial_state.py")


def compute(settings: BallSettings, path: Path) -> None:
    """Solve the reference problem and write it to a file.

    Args:
        settings: Settings of a preset.
        path: The npz file to write.

    Raises:
        RuntimeError: The solver failed, or dolfinx is missing.
    """
    if find_spec("dolfinx") is None:
        raise RuntimeError(
            "reference: the ball needs finite elements, and dolfinx is not installed. "
            "Install it by pip install 'ncl-deepxde[fem]', or bring the file: make it "
            "elsewhere by ncl-deepxde reference euler-ball --out reference.npz, and "
            f"put it at {path} before the run."
        )
    solve_by_fem("ball", START, settings, path, SAVED_TIMES)


def load(path: Path) -> Solution:
    """Read the reference from a file that :func:`compute` wrote.

    Points on the wall or a rounding outside count as points of the ball.

    Raises:
        ValueError: The file is not such a file.
    """
    saved = reference_fem.load(path)

    def solution(points: Array, time: float) -> dict[str, Array]:
        r = np.linalg.norm(points, axis=1, keepdims=True)
        return {**saved.evaluate(points / np.maximum(r, 1.0), time)}

    return solution
