"""Figures and words of the Hodge decomposition."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ncl_deepxde.runs import Figure, Preset
from ncl_deepxde.runs.cells import list_cells, records_by_case
from ncl_deepxde.runs.log import read_log

from .figures import draw_errors, draw_slices

__all__ = ["draw", "summarize"]


def draw(
    directory: Path,
    solutions: Mapping[str, Any],
    metrics: Mapping[str, Any],
    preset: Preset,
) -> list[Figure]:
    """Draw all figures below ``figures/``.

    Args:
        directory: Run directory.
        solutions: Solutions of the first seed by ``"MODEL-CASE"``; ``"reference"``.
        metrics: Content of ``metrics.json``.
        preset: Preset of the run.
    """
    folder = directory / "figures"
    folder.mkdir(exist_ok=True)
    models = list(metrics["models"])
    records = [r for r in read_log(directory / "log.jsonl") if "errors" in r]
    cells = list_cells(models, preset, metrics["seed"])
    runs = records_by_case(records, cells)
    trivial = metrics["reference"]["error_of_the_field_itself"]
    draw_errors(folder / "error.png", runs, trivial)
    captions = [
        (
            "figures/error.png",
            "Squared error of the divergence-free part in units of its square, against "
            "the time of training; lines are geometric means over seeds, bands reach "
            "from the least to the largest. Dashed: the field itself taken for its "
            "divergence-free part.",
        )
    ]
    for case, target in solutions["reference"].items():
        file = folder / f"slices_{case}.png"
        draw_slices(file, target, {m: solutions[f"{m}-{case}"] for m in models})
        text = (
            f"First component of the divergence-free part in the plane of two of the "
            f"{case} coordinates, the others fixed: exact, found, and their difference "
            "on a scale of its own, the same for all models."
        )
        captions.append((f"figures/{file.name}", text))
    return captions


def summarize(metrics: Mapping[str, Any]) -> str:
    """Say what the run shows, in numbers.

    Args:
        metrics: Content of ``metrics.json``.
    """
    lines = []
    for case, trivial in metrics["reference"]["error_of_the_field_itself"].items():
        lines.append(
            f"n = {case}: the field itself is off its divergence-free part by "
            f"{trivial:.2g} (relative squared L2)."
        )
        for name, model in metrics["models"].items():
            seconds = model.get(f"train_seconds_{case}", model["train_seconds"])
            lines.append(
                f"{name}, n = {case}: error {model['relative_squared_l2'][case]:.2g} "
                f"after {seconds:.0f} s; largest divergence "
                f"{model['divergence_relative'][case]:.1e} of its largest term; "
                f"{model['memory_per_point'][case]:.0f} KiB per point."
            )
    return "\n\n".join(lines)
