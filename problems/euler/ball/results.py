"""Figures and words for flows in the unit ball."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from ncl_deepxde.arrays import Array
from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.plotting import View
from ncl_deepxde.plotting.style import PALETTE
from ncl_deepxde.reports.paraview import write_paraview_ball
from ncl_deepxde.runs import Figure

from ..figures import Appearance, draw_flows

__all__ = ["COLORS", "draw", "in_plane", "summarize"]

COLORS = {
    "pinn": PALETTE["vermilion"],
    "curl": PALETTE["orange"],
    "ncl-vector": PALETTE["green"],
    "ncl-hard": PALETTE["purple"],
}
PANELS = (0.0, 0.25, 0.5)
FRAMES = 21
FIGURES: list[Figure] = [
    ("figures/density.png", "Density in the plane z = 0; the last row is FEM."),
    ("figures/density.gif", "Density in the plane z = 0 over time."),
    ("figures/velocity.png", "Speed, and streamlines within the plane z = 0."),
    ("figures/difference.png", "Density minus that of FEM in the plane z = 0."),
    (
        "figures/errors.png",
        "Error against FEM over time, in standard deviations of the field: 1 is "
        "as bad as a constant.",
    ),
    ("figures/losses.png", "Weighted losses in training."),
]


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
    flows = {"FEM" if k == "reference" else k: s for k, s in solutions.items()}
    appearance = Appearance(
        reference="FEM",
        times=PANELS,
        frames=[float(t) for t in np.linspace(0, t_end, FRAMES)],
        colors=COLORS,
        density="Density, z = 0",
        velocity="Speed, and streamlines within the plane z = 0",
        difference="Density minus FEM, z = 0",
        view=View(-1.0, 1.0, _draw_wall),
    )
    in_planes = {name: in_plane(flow) for name, flow in flows.items()}
    draw_flows(directory, in_planes, metrics, appearance)
    for name, flow in flows.items():
        write_paraview_ball(directory / "fields", name, flow, appearance.frames[::4])
    return FIGURES


def in_plane(solution: Solution) -> Solution:
    """Return a flow in the plane z = 0, points (N, 2), not a number off the ball."""

    def plane(points: Array, time: float) -> dict[str, Array]:
        inside = np.linalg.norm(points, axis=1) <= 1
        x = np.pad(points[inside], [(0, 0), (0, 1)])
        found = {}
        for key, values in solution(x, time).items():
            found[key] = np.full((len(points), values.shape[1]), np.nan)
            found[key][inside] = values
        return found

    return plane


def _draw_wall(axes: Axes) -> None:
    axes.add_patch(Circle((0, 0), 1, fill=False, edgecolor="0.3", linewidth=0.8))


def summarize(metrics: Mapping[str, Any]) -> str:
    """Say who moves the density and who keeps mass and wall, in numbers.

    Args:
        metrics: Content of ``metrics.json``.
    """
    lines = []
    for name, model in metrics["models"].items():
        rho, u = (list(model["standardized_l2"][f].values())[-1] for f in ("rho", "u"))
        lines.append(
            f"{name}: at the end the error of the density is {rho:.2g} standard "
            f"deviations, or {model['transport_error']:.2g} of how much it changed, "
            f"and that of the velocity {u:.2g}, after {model['steps']} steps in "
            f"{model['train_seconds']:.0f} s. Mass drift {model['mass_drift']:.1e}, "
            f"largest |m.n| on the wall {model['wall_leakage']:.1e}, largest "
            f"continuity residual {model['continuity_max']:.1e} "
            f"({model['continuity_relative']:.1e} of its largest term)."
        )
    return "\n\n".join(lines)
