"""Metrics, figures and words for flows in the unit ball."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from ncl_deepxde import plotting
from ncl_deepxde.evaluation.metrics import (
    Array,
    Solution,
    ball_grid,
    ball_quadrature,
    by_time_key,
    errors_over_time,
    mass_drift,
    relative_l2,
)
from ncl_deepxde.evaluation.solution import continuity_error
from ncl_deepxde.reports.paraview import write_paraview_ball
from ncl_deepxde.runs.problem import Figure

__all__ = ["draw", "in_plane", "measure", "summarize"]

PANELS = (0.0, 0.25, 0.5)
FRAMES = 21
GRID = 24
CONTINUITY_POINTS = 4000
WALL_POINTS = 2000
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


def measure(
    solution: Solution, net: torch.nn.Module, reference: Solution, t_end: float
) -> dict[str, Any]:
    """Return errors over time and how well mass, wall and continuity are kept.

    Args:
        solution: The trained model.
        net: Its network.
        reference: What to compare with.
        t_end: Last time.
    """
    points = ball_grid(GRID)
    times = [float(t) for t in np.linspace(0, t_end, 6)]
    errors = errors_over_time(solution, reference, points, times)
    rng = np.random.default_rng(0)
    x = _random_points(rng, CONTINUITY_POINTS)
    t = t_end * rng.random((CONTINUITY_POINTS, 1))
    continuity = continuity_error(net, x, t, "flux")
    nodes, weights = ball_quadrature(GRID // 2)
    return {
        **by_time_key(errors),
        "transport_error": transport_error(solution, reference, points, t_end),
        "continuity_max": continuity.largest,
        "continuity_relative": continuity.relative,
        "mass_drift": mass_drift(solution, nodes, times, weights),
        "wall_leakage": wall_leakage(solution, times),
    }


def transport_error(
    solution: Solution, reference: Solution, points: Array, time: float
) -> float:
    r"""Return the error of the density in units of its change since t = 0.

    .. math:: \|\rho(t) - \rho_\mathrm{ref}(t)\| /
        \|\rho_\mathrm{ref}(t) - \rho_\mathrm{ref}(0)\|

    One means no better than a density that stays where it was.

    Args:
        solution: The flow to judge.
        reference: The flow to judge by.
        points: Uniform points (N, 3).
        time: When to compare.
    """
    start, end = (reference(points, t)["rho"] for t in (0.0, time))
    return relative_l2(solution(points, time)["rho"] - start, end - start)


def wall_leakage(solution: Solution, times: list[float]) -> float:
    r"""Return the largest :math:`|m\cdot n|` at random points of the sphere."""
    x = _random_points(np.random.default_rng(1), WALL_POINTS)
    n = x / np.linalg.norm(x, axis=1, keepdims=True)
    fields = [solution(n, time) for time in times]
    return max(float(np.abs((f["rho"] * f["u"] * n).sum(axis=1)).max()) for f in fields)


def _random_points(rng: np.random.Generator, count: int) -> Array:
    """Return uniform points of the unit ball, (count, 3)."""
    x = rng.normal(size=(count, 3))
    radius = rng.random((count, 1)) ** (1 / 3)
    return radius * x / np.linalg.norm(x, axis=1, keepdims=True)


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


VIEW = plotting.View(-1.0, 1.0, _draw_wall)


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
    named = {"FEM" if k == "reference" else k: s for k, s in solutions.items()}
    flat = {name: in_plane(solution) for name, solution in named.items()}
    common: dict[str, Any] = {"scale_from": "FEM", "view": VIEW}
    plotting.density_panels(
        figures / "density.png", flat, PANELS, title="Density, z = 0", **common
    )
    plotting.velocity_panels(
        figures / "velocity.png",
        flat,
        PANELS,
        title="Speed, and streamlines within the plane z = 0",
        **common,
    )
    models = {name: plane for name, plane in flat.items() if name != "FEM"}
    plotting.difference_panels(
        figures / "difference.png",
        models,
        flat["FEM"],
        PANELS,
        title="Density minus FEM, z = 0",
        view=VIEW,
    )
    plotting.error_curves(
        figures / "errors.png", metrics["models"], metric="standardized_l2"
    )
    plotting.loss_curves(figures / "losses.png", directory / "log.jsonl")
    frames = [float(t) for t in np.linspace(0, t_end, FRAMES)]
    plotting.density_animation(figures / "density.gif", flat, frames, **common)
    for name, solution in named.items():
        write_paraview_ball(directory / "fields", name, solution, frames[::4])
    return FIGURES


def summarize(metrics: Mapping[str, Any]) -> str:
    """Return what the run shows: who moves the density, who keeps what, in numbers."""
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
