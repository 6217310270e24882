"""Figures and words of dynamical optimal transport."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ncl_deepxde import plotting
from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.runs import log as run_log
from ncl_deepxde.runs.cells import list_cells
from ncl_deepxde.runs.problem import Figure

from . import figures
from .convergence import DISCRETE, draw_convergence
from .discrete.trend import draw_trends
from .objective import half_side
from .reference import Reference
from .solutions import Flow

__all__ = ["draw", "summarize"]

TIMES = (0.0, 0.25, 0.5, 0.75, 1.0)
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
    references, models = solutions["reference"], list(metrics["models"])
    cases = [
        _Case(
            folder,
            name,
            {m: solutions[f"{m}-{name}"] for m in models},
            references[name],
            settings["evaluation"]["frames"],
        )
        for name in settings["cases"]
    ]
    _draw_costs(folder / "costs.png", cases)
    draw_trends(folder / "discrete.png", {c.name: c.reference for c in cases})
    runs = _records(directory, models, settings, metrics["seed"])
    true_costs = {case.name: case.reference.best for case in cases}
    draw_convergence(folder / "convergence.png", runs, true_costs)
    captions = [
        (
            "figures/costs.png",
            "Cost of the map, an estimate of the squared Wasserstein distance, for "
            "several samples, first seed.",
        ),
        (
            "figures/discrete.png",
            "Exact cost between samples against their number n, as it is and with the "
            "luck of the draw subtracted, and its limit of infinitely many. The mean "
            "of the largest samples is the reference.",
        ),
        (
            "figures/convergence.png",
            "Kinetic energy of a flow, whose least value is the squared Wasserstein "
            "distance, or cost of a map (icnn), and weighted terms of both ends of a "
            "flow, against training time; "
            "running means, bands are one standard deviation over seeds. The terms "
            "jump where their weight rises.",
        ),
    ]
    for case in cases:
        captions += _draw_plane(case) if case.dim == 2 else _draw_line(case)
    return captions


@dataclass(frozen=True)
class _Case:
    """What is drawn of one pair of densities.

    Attributes:
        folder: Of the figures.
        name: Of the pair.
        models: Trained with the first seed, by name.
        reference: What is known.
        frames: Of the animation.
    """

    folder: Path
    name: str
    models: Mapping[str, Any]
    reference: Reference
    frames: int

    @property
    def dim(self) -> int:
        """Number of space dimensions."""
        return int(self.reference.pair[0].dim)

    @property
    def flows(self) -> dict[str, Flow]:
        """The models with density and velocity."""
        return {m: s for m, s in self.models.items() if isinstance(s, Flow)}

    def particles(self) -> dict[str, Array]:
        """Return where particles are at the times shown, (T, N, 2), by model."""
        generator = torch.Generator(torch.get_default_device()).manual_seed(0)
        x = self.reference.pair[0].sample(PARTICLES, generator)
        moving = {m: s.paths(x, TIMES).cpu().numpy() for m, s in self.models.items()}
        return {DISCRETE: self.reference.paths(TIMES)[:, :PARTICLES], **moving}


def _draw_plane(case: _Case) -> list[Figure]:
    """Draw densities, particles and velocities of a case in the plane."""
    folder, name = case.folder, case.name
    side = math.ceil(2 * half_side(*case.reference.pair)) / 2
    view = plotting.View(-side, side)
    densities: dict[str, Any] = {DISCRETE: case.reference, **case.flows}
    options: Any = {"scale_from": DISCRETE, "view": view}
    file = folder / f"density_{name}.png"
    plotting.density_panels(file, densities, TIMES, title=f"Density, {name}", **options)
    times = [float(t) for t in np.linspace(0, 1, case.frames)]
    plotting.density_animation(
        file.with_suffix(".gif"), densities, times, n=80, **options
    )
    figures.draw_particles(
        folder / f"particles_{name}.png",
        case.particles(),
        TIMES,
        view,
        f"Particles, {name}",
    )
    captions = [
        (
            f"figures/density_{name}.png",
            f"Density ({name}); that of discrete OT is exact at both ends and made of "
            "kernels around the particles of a plan between them.",
        ),
        (f"figures/density_{name}.gif", f"Density over time ({name})."),
        (
            f"figures/particles_{name}.png",
            f"Particles, colored by their angle at the start ({name}).",
        ),
    ]
    if case.flows:
        file = folder / f"velocity_{name}.png"
        figures.draw_vectors(file, case.flows, TIMES, view, f"Velocity, {name}")
        text = f"Velocity where there is mass, over the density ({name})."
        captions.append((f"figures/{file.name}", text))
    return captions


def _draw_line(case: _Case) -> list[Figure]:
    """Draw densities and maps of a case on a line."""
    folder, name, reference = case.folder, case.name, case.reference
    side = half_side(*reference.pair)
    figures.draw_lines(
        folder / f"density_{name}.png",
        {"exact": reference, **case.flows},
        TIMES,
        (-side, side),
        f"Density, {name}",
    )
    # Where nearly all mass starts.
    reach = half_side(reference.pair[0])
    x = np.linspace(-reach, reach, 400)
    points = torch.as_tensor(x[:, None], dtype=torch.get_default_dtype())
    points = points.to(torch.get_default_device())
    maps = {m: s.transport(points)[:, 0].cpu() for m, s in case.models.items()}
    figures.draw_maps(
        folder / f"map_{name}.png",
        x,
        {"exact": reference.map(x), **{m: end.numpy() for m, end in maps.items()}},
        "exact",
        f"Map, {name}",
    )
    return [
        (f"figures/density_{name}.png", f"Density ({name})."),
        (f"figures/map_{name}.png", f"Where points go ({name}); exact by quantiles."),
    ]


def _draw_costs(path: Path, cases: Sequence[_Case]) -> None:
    """Draw the estimates of all models beside those of discrete transport."""
    spreads = []
    for case in cases:
        values = {DISCRETE: case.reference.costs.values}
        values |= {m: s.costs.values for m, s in case.models.items()}
        spreads.append(plotting.Spread(case.name, "estimate of $W_2^2$", values))
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
    lines, reference = [], metrics["reference"]
    for case, cost in reference["w2_squared"].items():
        text = (
            f"{case}: W2 squared of discrete OT between {max(reference['n'])} samples "
            f"is {cost['mean']:.4f} (standard deviation {cost['std']:.4f} over "
            f"{reference['repeats']} repeats)"
        )
        exact = reference.get("w2_squared_exact", {}).get(case)
        limit = reference["w2_squared_limit"][case]
        if exact is not None:
            text += f", exactly {exact:.4f}"
        elif limit is not None:
            error = reference["w2_squared_limit_error"][case]
            text += f", {limit:.4f} +- {error:.4f} in the limit of infinitely many"
        lines.append(f"{text}.")
        for name, model in metrics["models"].items():
            own = model["w2_squared"][case]
            text = (
                f"{name}, {case}: W2 squared {own['mean']:.4f} "
                f"({100 * model['w2_relative_difference'][case]:+.1f} %, "
                f"{100 * model['w2_relative_to_limit'][case]:+.1f} % against the limit "
                f"of infinitely many; standard deviation {own['std']:.4f} over samples)"
                f"; from the image of the map to the target it is "
                f"{model['arrival'][case]:.1e}"
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
