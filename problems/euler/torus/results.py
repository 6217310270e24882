"""Metrics, figures and words for flows on the torus with a density and a velocity."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ncl_deepxde import plotting
from ncl_deepxde.evaluation.metrics import (
    Solution,
    by_time_key,
    errors_over_time,
    mass_drift,
    torus_grid,
)
from ncl_deepxde.evaluation.solution import continuity_error
from ncl_deepxde.reports.paraview import write_paraview
from ncl_deepxde.runs.problem import Figure

__all__ = ["draw", "measure", "summarize"]

PANELS = (0.0, 0.1, 0.2, 0.3)
FRAMES = 41
GRID = 64
CONTINUITY_POINTS = 4000


def measure(
    solution: Solution, net: torch.nn.Module, reference: Solution, t_end: float
) -> dict[str, Any]:
    """Return errors over time, the continuity residual and the drift of mass.

    Args:
        solution: The trained model.
        net: Its network.
        reference: What to compare with.
        t_end: Last time.
    """
    points = torus_grid(GRID)
    times = [t for t in np.arange(0, t_end, 0.05) if t < t_end - 0.01] + [t_end]
    errors = errors_over_time(solution, reference, points, times)
    rng = np.random.default_rng(0)
    x = rng.random((CONTINUITY_POINTS, 2))
    t = t_end * rng.random((CONTINUITY_POINTS, 1))
    continuity = continuity_error(net, x, t, "flux")
    return {
        **by_time_key(errors),
        "continuity_max": continuity.largest,
        "continuity_relative": continuity.relative,
        "mass_drift": mass_drift(solution, points, times),
    }


def draw(
    directory: Path,
    solutions: Mapping[str, Solution],
    metrics: Mapping[str, Any],
    t_end: float,
) -> list[Figure]:
    """Draw all figures below ``figures/`` and write the fields below ``fields/``.

    Args:
        directory: Run directory.
        solutions: Models by name, and the reference under ``"reference"``.
        metrics: Content of ``metrics.json``.
        t_end: Last time.
    """
    figures = directory / "figures"
    figures.mkdir(exist_ok=True)
    label = "FEM" if "finite" in metrics["reference"]["solver"] else "spectral"
    named = {label if k == "reference" else k: s for k, s in solutions.items()}
    models = {k: s for k, s in solutions.items() if k != "reference"}
    plotting.density_panels(figures / "density.png", named, PANELS, scale_from=label)
    plotting.velocity_panels(figures / "velocity.png", named, PANELS, scale_from=label)
    plotting.difference_panels(
        figures / "difference.png", models, solutions["reference"], PANELS
    )
    plotting.error_curves(
        figures / "errors.png", metrics["models"], metric="standardized_l2"
    )
    plotting.loss_curves(figures / "losses.png", directory / "log.jsonl")
    frames = [float(t) for t in np.linspace(0, t_end, FRAMES)]
    plotting.density_animation(figures / "density.gif", named, frames, scale_from=label)
    for name, solution in named.items():
        write_paraview(directory / "fields", name, solution, frames[::4])
    return [
        ("figures/density.png", f"Density; the last row is the reference ({label})."),
        ("figures/density.gif", "Density over time."),
        ("figures/velocity.png", "Speed and streamlines of the velocity."),
        ("figures/difference.png", f"Density minus reference ({label})."),
        (
            "figures/errors.png",
            "Error against the reference over time, in standard deviations of the "
            "field: 1 is as bad as a constant.",
        ),
        ("figures/losses.png", "Weighted losses in training."),
    ]


def summarize(metrics: Mapping[str, Any]) -> str:
    """Return what the run shows: who conserves mass, who is accurate, in numbers."""
    lines = []
    for name, model in metrics["models"].items():
        errors = model["standardized_l2"]["rho"]
        shown = ", ".join(
            f"{errors[k]:.2g} at t = {k}"
            for k in ("0.1", "0.2", "0.3333")
            if k in errors
        )
        lines.append(
            f"{name}: largest continuity residual {model['continuity_max']:.1e} "
            f"({model['continuity_relative']:.1e} of its largest term), mass drift "
            f"{model['mass_drift']:.1e}; error of the density {shown}, in standard "
            f"deviations, after {model['steps']} steps in {model['train_seconds']:.0f} "
            "s."
        )
    return "\n\n".join(lines)
