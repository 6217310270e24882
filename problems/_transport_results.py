"""Figures and words of dynamical optimal transport."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ncl_deepxde import plotting, run_log
from ncl_deepxde.cells import list_cells
from ncl_deepxde.metrics import Array
from ncl_deepxde.problem import Figure
from problems import _transport_figures as figures
from problems._transport_convergence import draw_convergence
from problems._transport_measures import Flow
from problems._transport_objective import half_side
from problems._transport_targets import pair

__all__ = ["draw", "summarize"]

DISCRETE = "discrete OT"
TIMES = (0.0, 0.25, 0.5, 0.75, 1.0)
FRAMES = 25
PARTICLES = 1000


def draw(
    directory: Path,
    solutions: Mapping[str, Any],
    metrics: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> list[Figure]:
    """Draw all figures below ``figures/``.

    Args:
        directory: Run directory.
        solutions: Of the first seed, by ``"MODEL-CASE"``, and ``"reference"``.
        metrics: Content of ``metrics.json``.
        settings: Of the preset.
    """
    folder = directory / "figures"
    folder.mkdir(exist_ok=True)
    plans, models = solutions["reference"], list(metrics["models"])
    cases = {
        case: {m: solutions[f"{m}-{case}"] for m in models}
        for case in settings["cases"]
    }
    _draw_costs(folder / "costs.png", cases, plans)
    runs = _records(directory, models, settings, metrics["seed"])
    true_costs = {case: plan.best for case, plan in plans.items()}
    draw_convergence(folder / "convergence.png", runs, true_costs)
    captions = [
        (
            "figures/costs.png",
            "Cost of the map, an estimate of the squared Wasserstein distance, first "
            "seed: repeated samples; of discrete OT: exact plans between samples.",
        ),
        (
            "figures/convergence.png",
            "Kinetic energy of the flow, which has the squared Wasserstein distance as "
            "its least value, and weighted terms of both ends, against training time; "
            "running means, bands are one standard deviation over seeds.",
        ),
    ]
    for case, found in cases.items():
        flows = {m: s for m, s in found.items() if isinstance(s, Flow)}
        show = _draw_line if pair(case)[0].dim == 1 else _draw_plane
        captions += show(folder, case, found, flows, plans[case])
    return captions


def _draw_plane(
    folder: Path,
    case: str,
    found: Mapping[str, Any],
    flows: Mapping[str, Flow],
    plan: Any,
) -> list[Figure]:
    """Draw densities, particles and velocities of a case in the plane."""
    ends = pair(case)
    side = math.ceil(2 * half_side(*ends)) / 2
    view = plotting.View(-side, side)
    densities: dict[str, Any] = {DISCRETE: plan, **flows}
    options: Any = {"scale_from": DISCRETE, "view": view}
    plotting.density_panels(
        folder / f"density_{case}.png",
        densities,
        TIMES,
        title=f"Density, {case}",
        **options,
    )
    frames = [float(t) for t in np.linspace(0, 1, FRAMES)]
    plotting.density_animation(
        folder / f"density_{case}.gif", densities, frames, n=80, **options
    )
    x = ends[0].sample(
        PARTICLES, torch.Generator(torch.get_default_device()).manual_seed(0)
    )
    moving: dict[str, Array] = {DISCRETE: plan.paths(TIMES)[:, :PARTICLES]}
    moving |= {m: s.paths(x, TIMES).cpu().numpy() for m, s in found.items()}
    figures.draw_particles(
        folder / f"particles_{case}.png", moving, TIMES, view, f"Particles, {case}"
    )
    figures.draw_vectors(
        folder / f"velocity_{case}.png", flows, TIMES, view, f"Velocity, {case}"
    )
    return [
        (
            f"figures/density_{case}.png",
            f"Density ({case}); that of discrete OT is exact at both ends and made of "
            "kernels around the particles of a plan between them.",
        ),
        (f"figures/density_{case}.gif", f"Density over time ({case})."),
        (
            f"figures/particles_{case}.png",
            f"Particles, colored by their angle at the start ({case}).",
        ),
        (
            f"figures/velocity_{case}.png",
            f"Velocity where there is mass, over the density ({case}).",
        ),
    ]


def _draw_line(
    folder: Path,
    case: str,
    found: Mapping[str, Any],
    flows: Mapping[str, Flow],
    reference: Any,
) -> list[Figure]:
    """Draw densities and maps of a case on a line."""
    rho_0, _ = ends = pair(case)
    side = half_side(*ends)
    figures.draw_lines(
        folder / f"density_{case}.png",
        {"exact": reference, **flows},
        TIMES,
        (-side, side),
        f"Density, {case}",
    )
    # Where nearly all mass starts.
    reach = half_side(rho_0)
    x = np.linspace(-reach, reach, 400)
    points = torch.as_tensor(x[:, None], dtype=torch.get_default_dtype())
    points = points.to(torch.get_default_device())
    maps = {m: s.transport(points).cpu().numpy()[:, 0] for m, s in found.items()}
    figures.draw_maps(
        folder / f"map_{case}.png",
        x,
        {"exact": reference.map(x), **maps},
        "exact",
        f"Map, {case}",
    )
    return [
        (f"figures/density_{case}.png", f"Density ({case})."),
        (f"figures/map_{case}.png", f"Where points go ({case}); exact by quantiles."),
    ]


def _draw_costs(
    path: Path, cases: Mapping[str, Mapping[str, Any]], plans: Mapping[str, Any]
) -> None:
    """Draw the repeated estimates of all models beside those of discrete plans."""
    spreads = []
    for case, found in cases.items():
        values = {DISCRETE: plans[case].costs.values}
        values |= {m: s.costs.values for m, s in found.items()}
        spreads.append(plotting.Spread(case, "$W_2^2$", values))
    plotting.box_plots(path, spreads)


def _records(
    directory: Path, models: Sequence[str], settings: Mapping[str, Any], seed: int
) -> dict[str, dict[str, list[list[dict[str, Any]]]]]:
    """Return the records of the log by case, model and seed."""
    log = run_log.read_log(directory / "log.jsonl")
    found: dict[str, dict[str, list[list[dict[str, Any]]]]] = {}
    for cell in list_cells(models, settings, seed):
        own = [r for r in log if r.get("model") == cell.name]
        case = found.setdefault(str(cell.case), {})
        case.setdefault(cell.model, []).append(own)
    return found


def summarize(metrics: Mapping[str, Any]) -> str:
    """Return what the run shows, in numbers.

    Args:
        metrics: Content of ``metrics.json``.
    """
    lines = []
    for case, cost in metrics["reference"]["w2_squared"].items():
        lines.append(
            f"{case}: discrete OT costs {cost['mean']:.4f} (standard deviation "
            f"{cost['std']:.4f} over samples), W2 squared."
        )
        for name, model in metrics["models"].items():
            own = model["w2_squared"][case]
            text = (
                f"{name}, {case}: W2 squared {own['mean']:.4f} "
                f"({100 * model['w2_relative_difference'][case]:+.1f} %, standard "
                f"deviation {own['std']:.4f} over samples)"
            )
            if "terminal_mse" in model:
                text += (
                    f"; mean square error of the density at the ends "
                    f"{model['terminal_mse'][case]:.1e}; largest continuity residual "
                    f"{model['continuity_relative'][case]:.1e} of its largest term; "
                    f"error of the mass {model['mass_error'][case]:.1e}"
                )
            lines.append(f"{text}.")
    return "\n\n".join(lines)
