"""Figures and words of dynamical optimal transport."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ncl_deepxde import plotting
from ncl_deepxde.runs import Figure, Preset
from ncl_deepxde.runs.cells import list_cells, records_by_case
from ncl_deepxde.runs.log import read_log

from .colors import COLORS, DISCRETE
from .convergence import draw_convergence
from .pair_figures import DrawnPair, draw_pair
from .trend_figure import draw_trends

__all__ = ["draw", "summarize"]

CAPTIONS: Mapping[str, str] = {
    "costs.png": (
        "Cost of the map, an estimate of the squared Wasserstein distance, for "
        "several samples, first seed."
    ),
    "discrete.png": (
        "Exact cost between samples against their number n, as it is and with the "
        "luck of the draw subtracted, and its limit of infinitely many. The mean of "
        "the largest samples is the reference."
    ),
    "convergence.png": (
        "Kinetic energy of a flow, whose least value is the squared Wasserstein "
        "distance, or cost of a map (icnn), and weighted terms of both ends of a flow, "
        "against training time; running means, bands are one standard deviation over "
        "seeds. The terms jump where their weight rises."
    ),
}


def draw(
    directory: Path,
    solutions: Mapping[str, Any],
    metrics: Mapping[str, Any],
    preset: Preset,
) -> list[Figure]:
    """Draw all figures below ``figures/``; returns file names and captions.

    Args:
        directory: Run directory.
        solutions: Solutions of the first seed by ``"MODEL-CASE"``; ``"reference"``.
        metrics: Content of ``metrics.json``.
        preset: Preset of the run.
    """
    folder = directory / "figures"
    folder.mkdir(exist_ok=True)
    references, models = solutions["reference"], list(metrics["models"])
    cases = [
        DrawnPair(
            folder,
            case,
            {m: solutions[f"{m}-{case}"] for m in models},
            references[case],
            preset.settings(case=case).evaluation.frames,
        )
        for case in preset.cases
    ]
    _draw_costs(folder / "costs.png", cases)
    draw_trends(folder / "discrete.png", {c.name: c.reference for c in cases})
    records = read_log(directory / "log.jsonl")
    cells = list_cells(models, preset, metrics["seed"])
    runs = records_by_case(records, cells)
    true_costs = {case.name: case.reference.best for case in cases}
    draw_convergence(folder / "convergence.png", runs, true_costs)
    captions = [(f"figures/{name}", text) for name, text in CAPTIONS.items()]
    return captions + [figure for case in cases for figure in draw_pair(case)]


def _draw_costs(path: Path, cases: Sequence[DrawnPair]) -> None:
    """Draw the estimates of all models beside those of discrete transport."""
    spreads = []
    for case in cases:
        values = {DISCRETE: case.reference.costs.values}
        values |= {m: s.costs.values for m, s in case.models.items() if s.costs}
        spreads.append(plotting.Spread(case.name, "estimate of $W_2^2$", values))
    plotting.box_plots(path, spreads, colors=COLORS)


def summarize(metrics: Mapping[str, Any]) -> str:
    """Say what the run shows, in numbers.

    Args:
        metrics: Content of ``metrics.json``.
    """
    lines = []
    for case in metrics["reference"]["w2_squared"]:
        lines.append(_reference_words(case, metrics["reference"]))
        for name, model in metrics["models"].items():
            lines.append(_model_words(name, case, model))
    return "\n\n".join(lines)


def _reference_words(case: str, reference: Mapping[str, Any]) -> str:
    cost = reference["w2_squared"][case]
    text = (
        f"{case}: W2 squared of discrete OT between {max(reference['n'])} samples "
        f"is {cost['mean']:.4f} (standard deviation {cost['std']:.4f} over "
        f"{reference['repeats']} repeats)"
    )
    exact = reference.get("w2_squared_exact", {}).get(case)
    limit = reference["w2_squared_limit"][case]
    if exact is not None:
        return f"{text}, exactly {exact:.4f}."
    if limit is not None:
        error = reference["w2_squared_limit_error"][case]
        return f"{text}, {limit:.4f} +- {error:.4f} in the limit of infinitely many."
    return f"{text}."


def _model_words(name: str, case: str, model: Mapping[str, Any]) -> str:
    cost = model["w2_squared"][case]
    text = (
        f"{name}, {case}: W2 squared {cost['mean']:.4f} "
        f"({100 * model['w2_relative_difference'][case]:+.1f} %, "
        f"{100 * model['w2_relative_to_limit'][case]:+.1f} % against the limit "
        f"of infinitely many; standard deviation {cost['std']:.4f} over samples)"
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
    return f"{text}."
