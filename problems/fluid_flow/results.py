"""Figures and words of the simulated fluid flow."""

from __future__ import annotations

from collections.abc import Mapping
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
from ncl_deepxde.runs import log as run_log
from ncl_deepxde.runs.cells import list_cells, values_per_seed
from ncl_deepxde.runs.problem import Figure

from .exact import CENTERS
from .reference import exact
from .regions import EXTENT, HORIZON, corners

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
    settings: Mapping[str, Any],
) -> list[Figure]:
    """Draw all figures below ``figures/``.

    Args:
        directory: Run directory.
        solutions: Of the first seed, by ``"MODEL-CASE"``.
        metrics: Content of ``metrics.json``.
        settings: Of the preset.
    """
    (directory / "figures").mkdir(exist_ok=True)
    models, seeds = list(metrics["models"]), settings.get("seeds", 1)
    _draw_boxes(directory / "figures" / "boxes.png", metrics, list(settings["cases"]))
    captions = [
        (
            "figures/boxes.png",
            f"R2 of the density in the test region (below {LEAST_R2:g} shown as "
            f"{LEAST_R2:g}) and consistency of density and velocity; {seeds} seeds.",
        )
    ]
    for case, changes in settings["cases"].items():
        found = {m: solutions[f"{m}-{case}"] for m in models}
        sizes = settings["figures"]
        captions += _draw_case(directory, found, case, changes["dim"], sizes)
        first = metrics["seed"]
        cells = list_cells(models, settings, first)
        own = [c for c in cells if c.case == case and c.seed == first]
        names = {c.name: c.model for c in own}
        captions.append(_draw_case_losses(directory, names, case))
    return captions


def _draw_case(
    directory: Path,
    solutions: Mapping[str, Solution],
    case: str,
    dim: int,
    sizes: Mapping[str, int],
) -> list[Figure]:
    """Draw density, velocity and trajectories of one case.

    Args:
        directory: Run directory.
        solutions: By model.
        case: Name of the case.
        dim: Its number of space dimensions.
        sizes: Points per axis ``n``, ``frames`` of the animation, ``steps`` of
            trajectories.
    """
    title = case.upper() + ("" if dim == 2 else ", plane z = 0")
    seen = "observed in the dashed quadrants until t = 1"
    captions = {
        f"density_{case}.png": f"Density ({title}), {seen}; first seed.",
        f"density_{case}.gif": f"Density over time ({title}).",
        f"velocity_{case}.png": f"Speed and streamlines ({title}).",
        f"trajectories_{case}.png": f"Where particles, white at t = 0, go ({title}); "
        "thin gray: the truth.",
    }
    paths = [directory / "figures" / name for name in captions]
    everyone: dict[str, Solution] = {TRUTH: exact, **solutions}
    planes = {name: _Plane(s, dim) for name, s in everyone.items()}
    view = plotting.View(-EXTENT, EXTENT, _outline_observed)
    options: Any = {"scale_from": TRUTH, "view": view, "n": sizes["n"]}
    frames = [float(t) for t in np.linspace(0, HORIZON, sizes["frames"])]
    plotting.density_panels(
        paths[0], planes, PANELS, title=f"Density, {title}", **options
    )
    plotting.density_animation(paths[1], planes, frames, **options)
    heading = f"Velocity: speed and streamlines, {title}"
    plotting.velocity_panels(paths[2], planes, PANELS, title=heading, **options)
    times = np.linspace(0, HORIZON, sizes["steps"] + 1)
    tracks = {n: trajectories(s, _particles(dim), times) for n, s in everyone.items()}
    heading = f"Trajectories, {title}"
    plotting.trajectory_panels(
        paths[3], tracks, times, truth=TRUTH, title=heading, view=view
    )
    return [(f"figures/{name}", caption) for name, caption in captions.items()]


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


def _particles(dim: int) -> Array:
    """Return the centers of the Gaussians and points farther out, (8, dim)."""
    centers = np.array(CENTERS)
    outer = centers + OFFSET * centers / np.linalg.norm(centers, axis=1)[:, None]
    return np.pad(np.concatenate([centers, outer]), [(0, 0), (0, dim - 2)])


def trajectories(solution: Solution, start: Array, times: Array) -> Array:
    """Follow the velocity by the classical Runge-Kutta method, (times, N, 2).

    Args:
        solution: The flow.
        start: Positions at the first time, (N, d); they stay inside the box.
        times: Steps.
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
    """Return the velocity, (N, d), without the work of a density where that is left."""
    if isinstance(solution, NetworkSolution):
        return solution.velocity(x, t)
    return solution(x, t)["u"]


def _draw_boxes(path: Path, metrics: Mapping[str, Any], cases: list[str]) -> None:
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
    plotting.box_plots(path, spreads)


def _draw_case_losses(directory: Path, names: Mapping[str, str], case: str) -> Figure:
    """Draw the losses of the first seed under the names of the models."""
    records = [
        {**record, "model": names[record["model"]]}
        for record in run_log.read_log(directory / "log.jsonl")
        if record.get("model") in names
    ]
    name = f"figures/losses_{case}.png"
    save(draw_losses(records), directory / name)
    return name, f"Weighted losses in training ({case.upper()}), first seed."


def summarize(metrics: Mapping[str, Any], cases: list[str]) -> str:
    """Return what the run shows, in numbers.

    Args:
        metrics: Content of ``metrics.json``.
        cases: Names of the cases.
    """
    several = len(cases) > 1
    lines = []
    for name, model in metrics["models"].items():
        for case in cases:
            suffix = f"_{case}" if several else ""
            r2 = _range(metrics, name, f"r2_{case}")
            at_observed_times = model[f"r2_interpolation_{case}"]
            smape = _range(metrics, name, f"consistency_smape_{case}")
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


def _range(metrics: Mapping[str, Any], name: str, key: str) -> str:
    """Return the mean over seeds, and between which values they lie."""
    values = values_per_seed(metrics, key)[name]
    if not values:
        return "not computed"
    shown = f"{np.mean(values):.3g}"
    if len(values) == 1:
        return shown
    return f"{shown} ({min(values):.3g} to {max(values):.3g} over {len(values)} seeds)"
