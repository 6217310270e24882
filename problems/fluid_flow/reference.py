"""The reference of the simulated fluid flow: a closed form and a file of its values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from ncl_deepxde.evaluation.metrics import Array, torus_grid
from ncl_deepxde.files import arrays_in, write_arrays

from .exact import MovingGaussians
from .regions import EXTENT, HORIZON
from .settings import SampledGrid

__all__ = ["box_grid", "compute", "describe", "exact"]


def exact(points: Array, time: float) -> dict[str, Array]:
    """Evaluate ``rho`` (N, 1), ``u`` (N, d) and ``p`` = 0 (N, 1) at points (N, d)."""
    flow = MovingGaussians(points.shape[1])
    x = torch.as_tensor(points, dtype=torch.float64, device="cpu")
    t = torch.full_like(x[:, :1], time)
    rho, u = flow.density(x, t).numpy(), flow.velocity(x, t).numpy()
    return {"rho": rho, "u": u, "p": np.zeros_like(rho)}


def box_grid(n: int, dim: int) -> Array:
    """List the centers of n cells per axis of the box, (n**dim, dim)."""
    return EXTENT * (2 * torus_grid(n, dim) - 1)


def compute(grid: SampledGrid, path: Path) -> None:
    """Write the flow in the plane on a grid: ``points``, ``times``, ``rho``, ``u``.

    Nothing else needs the file; it is there for other programs to compare with.

    Args:
        grid: Points and times.
        path: The npz file to write.
    """
    points = box_grid(grid.n, 2)
    times = np.append(np.arange(0, HORIZON - 1e-9, grid.dt), HORIZON)
    states = [exact(points, float(t)) for t in times]
    rho, u = (np.stack([s[k] for s in states]).astype("f4") for k in ("rho", "u"))
    write_arrays(path, {"points": points, "times": times, "rho": rho, "u": u})


def describe(path: Path) -> dict[str, Any]:
    """Tell how the reference is known, and how far its file conserves mass.

    Raises:
        ValueError: The file is not one that :func:`compute` wrote.
    """
    with arrays_in(path) as data:
        rho, times = data["rho"].astype(float), data["times"]
    mass = rho.mean(axis=(1, 2)) * (2 * EXTENT) ** 2
    return {
        "solver": "closed form",
        "mass": float(mass[0]),
        "mass_drift": float(np.abs(mass / mass[0] - 1).max()),
        "points": rho.shape[1],
        "times": [float(t) for t in times],
    }
