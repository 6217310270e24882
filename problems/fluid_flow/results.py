"""Figures and words of the simulated fluid flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ncl_deepxde import plotting
from ncl_deepxde.evaluation.metrics import Array, Solution
from ncl_deepxde.evaluation.solution import NetworkSolution
from ncl_deepxde.plotting.curves import draw_losses
from ncl_deepxde.plotting.style import save
from ncl_deepxde.runs import Figure, Preset
from ncl_deepxde.runs import log as run_log
from ncl_deepxde.runs.cells import list_cells, values_per_seed

from ..observed import COLORS, mean_and_range
from .exact import CENTERS
from .reference import exact
from .regions import EXTENT, HORIZON, corners
from .settings import FluidFigures, FluidSettings

__all__ = ["draw", "summarize"]

TRUTH = "exact"
PANELS = (0.0, 0.4, 0.8, 1.2)
OFFSET = 0.4
INSET = 0.1
"""Distance of the outlines from the axes, with which they would coincide."""
LEAST_R2 = -1.0


def draw(
    directory: Path,
    solutions: Mapping[str, Solution],
    metrics: Mapping[str, Any],
    preset: Preset,
) -> list[Figure]:
    """Draw all figures below ``figures/``.

    Args:
        directory: Run directory.
        solutions: Solutions of the first seed by ``"MODEL-CASE"``.
        metrics: Content of ``metrics.json``.
        preset: Preset of the run.
    """
    (directory / "figures").mkdir(exist_ok=True)
    models, seeds = list(metrics["models"]), preset.content["seeds"]
    _draw_boxes(directory / "figures" / "boxes.png", metrics, preset.cases)
    captions = [
        (
            "figures/boxes.png",
            f"R2 of the density in the test region (below {LEAST_R2:g} shown as "
            f"{LEAST_R2:g}) and consistency of density and velocity; {seeds} seeds.",
        )
    ]
    for case in preset.cases:
        found = {m: solutions[f"{m}-{case}"] for m in models}
        captions += _draw_case(directory, found, preset.settings(case=case))
        first = metrics["seed"]
        cells = list_cells(models, preset, first)
        names = {c.name: c.model for c in cells if (c.case, c.seed) == (case, first)}
        captions.append(_draw_case_losses(directory, names, case))
    return captions


def _draw_case(
    directory: Path, solutions: Mapping[str, Solution], settings: FluidSettings
) -> list[Figure]:
    """Draw density, velocity and trajectories of one case.

    Args:
        directory: Run directory.
        solutions: Solutions by model.
        settings: What the preset says of the case.
    """
    case, dim, sizes = settings.case, settings.dim, settings.figures
    title = case.upper() + ("" if dim == 2 else ", plane z = 0")
    everyone: dict[str, Solution] = {TRUTH: exact, **solutions}
    times = np.linspace(0, HORIZON, sizes.steps + 1)
    tracks = {n: trajectories(s, _particles(dim), times) for n, s in everyone.items()}
    name = f"figures/trajectories_{case}.png"
    plotting.trajectory_panels(
        directory / name,
        tracks,
        times,
        truth=TRUTH,
        title=f"Trajectories, {title}",
        view=VIEW,
    )
    caption = f"Where particles, white at t = 0, go ({title}); thin gray: the truth."
    planes = {label: _Plane(s, dim) for label, s in everyone.items()}
    drawn = _draw_planes(directory, planes, case, title, sizes)
    return [*drawn, (name, caption)]


def _draw_planes(
    directory: Path,
    planes: Mapping[str, _Plane],
    case: str,
    title: str,
    sizes: FluidFigures,
) -> list[Figure]:
    """Draw density and velocity of one case in the plane z = 0.

    Args:
        directory: Run directory.
        planes: The truth and the solutions.
        case: Name of the case.
        title: Heading of the case.
        sizes: Points and frames.
    """
    captions = {
        f"figures/density_{case}.png": f"Density ({title}), observed in the dashed "
        "quadrants until t = 1; first seed.",
        f"figures/density_{case}.gif": f"Density over time ({title}).",
        f"figures/velocity_{case}.png": f"Speed and streamlines ({title}).",
    }
    density, animation, velocity = (directory / name for name in captions)
    options: Any = {"scale_from": TRUTH, "view": VIEW, "n": sizes.n}
    heading = f"Density, {title}"
    plotting.density_panels(density, planes, PANELS, title=heading, **options)
    frames = [float(t) for t in np.linspace(0, HORIZON, sizes.frames)]
    plotting.density_animation(animation, planes, frames, **options)
    heading = f"Velocity: speed and streamlines, {title}"
    plotting.velocity_panels(velocity, planes, PANELS, title=heading, **options)
    return list(captions.items())


class _Plane:
    """A flow in the plane z = 0."""

    def __init__(self, solution: Solution, dim: int) -> None:
        self.solution, self.dim = solution, dim

    def __call__(self, points: Array, time: float) -> dict[str, Array]:
        rest = np.zeros((len(points), self.dim - 2))
        values = self.solution(np.hstack([points, rest]), time)
        return {**values, "u": values["u"][:, :2]}


def _outline_observed(axes: Axes) -> None:
    low, high = corners("train", 2)
    side = high[0] - low[0] - 2 * INSET
    for corner in (low[0] + INSET, low[1] + INSET), (INSET - high[0], INSET - high[1]):
        box = Rectangle(
            corner, side, side, fill=False, edgecolor="red", linestyle="--", zorder=5
        )
        axes.add_patch(box)


VIEW = plotting.View(-EXTENT, EXTENT, _outline_observed)


def _particles(dim: int) -> Array:
    """List the centers of the Gaussians and points farther out, (8, dim)."""
    centers = np.array(CENTERS)
    outer = centers + OFFSET * centers / np.linalg.norm(centers, axis=1)[:, None]
    return np.pad(np.concatenate([centers, outer]), [(0, 0), (0, dim - 2)])


def trajectories(solution: Solution, start: Array, times: Array) -> Array:
    """Follow the velocity by the classical Runge-Kutta method, (times, N, 2).

    Args:
        solution: The flow.
        start: Positions at the first time, (N, d); they stay inside the box.
        times: Times of the steps.
    """

    def u(x: Array, t: float) -> Array:
        return _velocity(solution, np.clip(x, -EXTENT, EXTENT), t)

    path = [start]
    for t, h in zip(times[:-1], np.diff(times), strict=True):
        x = path[-1]
        k1 = u(x, t)
        k2 = u(x + h / 2 * k1, t + h / 2)
        k3 = u(x + h / 2 * k2, t + h / 2)
        k4 = u(x + h * k3, t + h)
        new = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(np.clip(new, -EXTENT, EXTENT))
    return np.stack(path)[:, :, :2]


def _velocity(solution: Solution, x: Array, t: float) -> Array:
    """Evaluate the velocity, (N, d), without the density where that can be left out."""
    if isinstance(solution, NetworkSolution):
        return solution.velocity(x, t)
    return solution(x, t)["u"]


def _draw_boxes(path: Path, metrics: Mapping[str, Any], cases: Sequence[str]) -> None:
    spreads = []
    for case in cases:
        dim = case.upper()
        r2 = values_per_seed(metrics, f"r2_{case}")
        shown = {m: [max(v, LEAST_R2) for v in values] for m, values in r2.items()}
        spreads.append(plotting.Spread(f"Density, {dim}", "$R^2$ (1 is best)", shown))
        smape = values_per_seed(metrics, f"consistency_smape_{case}")
        spreads.append(
            plotting.Spread(f"Consistency, {dim}", "SMAPE (0 is best)", smape, True)
        )
    plotting.box_plots(path, spreads, colors=COLORS)


def _draw_case_losses(directory: Path, names: Mapping[str, str], case: str) -> Figure:
    """Draw the losses of the first seed under the names of the models."""
    records = [
        {**record, "model": names[record["model"]]}
        for record in run_log.read_log(directory / "log.jsonl")
        if record.get("model") in names
    ]
    name = f"figures/losses_{case}.png"
    save(draw_losses(records, COLORS), directory / name)
    return name, f"Weighted losses in training ({case.upper()}), first seed."


def summarize(metrics: Mapping[str, Any], cases: Sequence[str]) -> str:
    """Say what the run shows, in numbers.

    Args:
        metrics: Content of ``metrics.json``.
        cases: Names of the cases.
    """
    several = len(cases) > 1
    lines = []
    for name, model in metrics["models"].items():
        for case in cases:
            suffix = f"_{case}" if several else ""
            r2, smape = (
                mean_and_range(values_per_seed(metrics, f"{key}_{case}")[name])
                for key in ("r2", "consistency_smape")
            )
            at_observed_times = model[f"r2_interpolation_{case}"]
            residual = model[f"continuity_relative_{case}"]
            steps, seconds = (model[k + suffix] for k in ("steps", "train_seconds"))
            lines.append(
                f"{name}, {case.upper()}: R2 of the density where it was not observed "
                f"{r2}, {at_observed_times:.3g} at times up to the last observation; "
                f"consistency SMAPE {smape}; largest continuity residual "
                f"{residual:.1e} of its largest term; {steps:.0f} steps in "
                f"{seconds:.0f} s."
            )
    return "\n\n".join(lines)
