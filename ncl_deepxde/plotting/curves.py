"""Curves over time, seconds and steps: errors and losses, one color per model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.typing import ColorType

from ..files import PathLike
from ..runs import log as run_log
from .style import model_colors, new_figure, save, style

__all__ = ["draw_errors", "draw_losses", "error_curves", "loss_curves", "read_log"]

ModelErrors: TypeAlias = Mapping[str, Mapping[str, Mapping[Any, float]]]
Record: TypeAlias = dict[str, Any]

DECADES = 5
"""Decades shown below the largest error: zero error at t = 0 would show only itself."""

METRIC_LABELS = {
    "relative_l2": r"relative $L^2$ error",
    "standardized_l2": "error / standard deviation",
}
FIELD_LABELS = {"rho": r"density $\rho$", "u": "velocity $u$", "p": "pressure $p$"}


def error_curves(
    path: PathLike,
    errors: Mapping[str, ModelErrors],
    *,
    metric: str = "relative_l2",
    title: str = "Error against the reference",
    colors: Mapping[str, str] | None = None,
) -> None:
    """Draw errors over time on a logarithmic axis, one panel per field.

    Args:
        path: Image file to write.
        errors: Model to its errors as ``errors_over_time`` returns them, or as read
            from ``metrics.json``, where times are strings.
        metric: ``"relative_l2"`` or ``"standardized_l2"``.
        title: Heading of the figure.
        colors: Colors of models; others have a spare one each.
    """
    save(draw_errors(errors, metric, title, colors), path)


def loss_curves(
    path: PathLike,
    log_path: PathLike,
    *,
    colors: Mapping[str, str] | None = None,
) -> None:
    """Draw the losses in a ``log.jsonl`` against seconds and steps, and their terms.

    Args:
        path: Image file to write.
        log_path: Training log, see ``read_log``.
        colors: Colors of models; others have a spare one each.
    """
    save(draw_losses(read_log(log_path), colors), path)


def draw_errors(
    errors: Mapping[str, ModelErrors],
    metric: str = "relative_l2",
    title: str = "",
    colors: Mapping[str, str] | None = None,
) -> Figure:
    """Draw the figure that ``error_curves`` writes."""
    fields = list(dict.fromkeys(f for model in errors.values() for f in model[metric]))
    shades = model_colors(errors, colors)
    with style():
        figure = new_figure(height=4.2)
        panels = figure.subplots(
            1, len(fields), sharex=True, sharey=True, squeeze=False
        )[0]
        largest = 0.0
        for axes, field in zip(panels, fields, strict=True):
            for name, model in errors.items():
                times, values = _sorted_curve(model[metric].get(field, {}))
                axes.semilogy(times, values, "o-", ms=4, color=shades[name], label=name)
                largest = max([largest, *values])
            axes.set(xlabel="time $t$", title=FIELD_LABELS.get(field, field))
            axes.grid(True, which="both")
        _cut_decades(panels[0], largest)
        panels[0].set_ylabel(METRIC_LABELS.get(metric, metric))
        panels[-1].legend()
        figure.suptitle(title)
    return figure


def draw_losses(
    records: Sequence[Record], colors: Mapping[str, str] | None = None
) -> Figure:
    """Draw the figure that ``loss_curves`` writes."""
    runs: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        runs[record["model"]].append(record)
    of_model = model_colors(runs, colors)
    terms = list(dict.fromkeys(t for r in records for t in r.get("terms") or {}))
    shades = {t: mpl.colormaps["tab10"](i % 10) for i, t in enumerate(terms)}
    rows = 1 + (len(runs) + 1) // 2
    with style():
        figure = new_figure(height=1.0 + 3.0 * rows)
        panels = figure.subplots(rows, 2, squeeze=False).ravel()
        for name, run in runs.items():
            _draw_totals(panels[0], "seconds", name, run, of_model[name])
            _draw_totals(panels[1], "step", name, run, of_model[name])
        panels[0].set(xlabel="training time (s)", ylabel="loss", title="all models")
        panels[1].set(xlabel="step", title="all models")
        panels[0].legend()
        for axes, (name, run) in zip(panels[2:], runs.items(), strict=False):
            _draw_terms(axes, run, shades)
            _draw_totals(axes, "step", name, run, of_model[name])
            axes.set(xlabel="step", ylabel="loss and its terms", title=name)
        for axes in panels[2 + len(runs) :]:
            axes.remove()
        handles = [Line2D([], [], color=shades[term], label=term) for term in terms]
        if terms:
            figure.legend(handles=handles, loc="outside lower center", ncols=4)
        figure.suptitle("Training loss (total thick, terms thin)")
    return figure


def read_log(path: PathLike) -> list[Record]:
    """Read a training log: one JSON object per line.

    Each has ``model``, ``stage``, ``step``, ``seconds``, ``loss`` and ``terms`` (name
    to value). A line torn by a killed process is skipped. A resumed run repeats the
    steps since its last checkpoint; the last record of a step counts.

    Args:
        path: The ``log.jsonl`` of a run directory.

    Raises:
        ValueError: No line is a record.
    """
    steps: dict[tuple[str, str, int], Record] = {}
    for record in run_log.read_log(Path(path)):
        try:
            key = record["model"], str(record["stage"]), record["step"]
            record["seconds"], record["loss"]
        except KeyError:
            continue
        steps.pop(key, None)
        steps[key] = record
    if not steps:
        raise ValueError(
            f"log_path: must hold records with model, stage, step, seconds and loss, "
            f"got none in {path}. Give the log.jsonl of a run directory."
        )
    return list(steps.values())


def _draw_totals(
    axes: Axes, key: str, name: str, run: Sequence[Record], color: str
) -> None:
    values = [r["loss"] for r in run]
    axes.semilogy([r[key] for r in run], values, color=color, label=name)
    axes.grid(True)


def _draw_terms(
    axes: Axes, run: Sequence[Record], shades: Mapping[str, ColorType]
) -> None:
    for term, shade in shades.items():
        known = [r for r in run if term in (r.get("terms") or {})]
        values = [r["terms"][term] for r in known]
        axes.semilogy([r["step"] for r in known], values, color=shade, linewidth=0.8)


def _sorted_curve(values: Mapping[Any, float]) -> tuple[list[float], list[float]]:
    """Return times and values in order, without zero, infinity and NaN: a log axis."""
    pairs = sorted((float(t), v) for t, v in values.items() if 0 < v < math.inf)
    return [time for time, _ in pairs], [value for _, value in pairs]


def _cut_decades(axes: Axes, largest: float) -> None:
    bottom, top = axes.get_ylim()
    if largest > 0:
        axes.set_ylim(max(bottom, largest * 10.0**-DECADES), top)
