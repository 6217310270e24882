"""Figures and words for flows on the torus with a density and a velocity."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.plotting import View
from ncl_deepxde.plotting.style import PALETTE
from ncl_deepxde.reports.paraview import write_paraview
from ncl_deepxde.runs import Figure

from ..figures import Appearance, draw_flows

__all__ = ["COLORS", "draw", "summarize"]

COLORS = {
    "pinn": PALETTE["vermilion"],
    "ncl-matrix": PALETTE["blue"],
    "ncl-vector": PALETTE["green"],
    "ncl-hard": PALETTE["purple"],
}
PANELS = (0.0, 0.1, 0.2, 0.3)
FRAMES = 41


def draw(
    directory: Path,
    solutions: Mapping[str, Solution],
    metrics: Mapping[str, Any],
    t_end: float,
) -> list[Figure]:
    """Draw all figures below ``figures/`` and write the fields below ``fields/``.

    Args:
        directory: Directory of the run.
        solutions: Models by name, and the reference under ``"reference"``.
        metrics: Content of ``metrics.json``.
        t_end: Last time.
    """
    label = "FEM" if "finite" in metrics["reference"]["solver"] else "spectral"
    flows = {label if k == "reference" else k: s for k, s in solutions.items()}
    appearance = Appearance(
        reference=label,
        times=PANELS,
        frames=[float(t) for t in np.linspace(0, t_end, FRAMES)],
        colors=COLORS,
        density="Density",
        velocity="Velocity: speed and streamlines",
        difference="Density minus reference",
        view=View(),
    )
    draw_flows(directory, flows, metrics, appearance)
    for name, flow in flows.items():
        write_paraview(directory / "fields", name, flow, appearance.frames[::4])
    return _captions(label)


def _captions(label: str) -> list[Figure]:
    """Return all figures with captions that name the reference."""
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
    """Say who conserves mass and who is accurate, in numbers.

    Args:
        metrics: Content of ``metrics.json``.
    """
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
