"""Several run directories in one table; several seeds as mean and range."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any

from ..evaluation.rows import MetricRow
from ..files import read_json
from .diagnosis import warnings_of
from .tables import Metrics, format_value, metric_rows, text_table

__all__ = ["compare_runs", "load_metrics", "load_runs", "run_remedy"]

RANGE_NOTE = "Several runs of a model: mean [smallest, largest]."


def run_remedy(directory: str | os.PathLike[str]) -> str:
    """Tell what to do where a directory is not that of a finished run."""
    place = Path(directory)
    if (place / "config.json").is_file():
        return f"Finish it: ncl-deepxde run PROBLEM --out {place} --resume."
    near = place if place.is_dir() else place.parent
    runs = sorted(str(path.parent) for path in near.glob("*/metrics.json"))
    if runs:
        return f"Runs in {near}: {', '.join(runs)}."
    return "Make one: ncl-deepxde run PROBLEM names its directory at the end."


def load_metrics(directory: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the ``metrics.json`` of a run directory.

    Raises:
        ValueError: If the file is missing, truncated, or not written by a run.
    """
    path = Path(directory) / "metrics.json"
    if not path.is_file():
        raise ValueError(
            f"directory: must be that of a finished run, but {path} is missing. "
            f"{run_remedy(directory)}"
        )
    try:
        metrics = read_json(path)
    except ValueError as error:
        raise ValueError(f"directory: {error}") from error
    if not _is_run(metrics):
        raise ValueError(
            f"directory: {path} was not written by a run, it needs the keys 'problem' "
            "and 'models'; give a directory made by `ncl-deepxde run`."
        )
    return metrics


def compare_runs(runs: Mapping[Path, Metrics], rows: Sequence[MetricRow]) -> str:
    """Compare runs of one problem as text: a list of the runs and a table.

    Models with the same name and preset are one column: ``mean [smallest, largest]``.

    Args:
        runs: Content of the ``metrics.json`` of each run directory.
        rows: How the metrics are shown.
    """
    keys = ("preset", "seed", "device")
    listing = [
        [str(path), *(str(run.get(key, "-")) for key in keys)]
        for path, run in runs.items()
    ]
    problem, *_ = (run["problem"] for run in runs.values())
    parts = [f"Runs of {problem}", text_table(["directory", *keys], listing)]
    parts.append(_group_table(_group_models(list(runs.values())), rows))
    found = [
        f"{path}: {text}" for path, run in runs.items() for text in warnings_of(run)
    ]
    parts += [textwrap.fill(f"! {text}", 100) for text in found]
    return "\n\n".join(parts)


def load_runs(directories: Sequence[str | os.PathLike[str]]) -> dict[Path, Metrics]:
    """Read the ``metrics.json`` of several runs of one problem.

    Raises:
        ValueError: If no directory is given, one is given twice, the problems differ,
            or a directory holds no run.
    """
    paths = [Path(directory) for directory in directories]
    if not paths or len({path.resolve() for path in paths}) < len(paths):
        raise ValueError(
            "directories: give each run directory once and at least one, got "
            f"{[str(path) for path in paths]}."
        )
    runs: dict[Path, Metrics] = {path: load_metrics(path) for path in paths}
    if len({run["problem"] for run in runs.values()}) > 1:
        listed = ", ".join(f"{path}: {run['problem']}" for path, run in runs.items())
        raise ValueError(
            "directories: must be runs of one problem, errors of different problems "
            f"cannot be compared; got {listed}."
        )
    return runs


def _is_run(metrics: Metrics) -> bool:
    if not isinstance(metrics.get("problem"), str):
        return False
    models = metrics.get("models")
    return (
        isinstance(models, dict)
        and all(_is_by_name(m) and _is_by_name(m.get("seeds")) for m in models.values())
        and all(map(_is_training, _values(metrics.get("training"))))
    )


def _values(found: Any) -> list[Any]:
    """Return values by name; what is none where there are no names, and not nothing."""
    return [] if found is None else [*found.values()] if _is_by_name(found) else [found]


def _is_by_name(found: Any) -> bool:
    """Tell whether there is nothing, or values by name."""
    return found is None or isinstance(found, dict)


def _is_training(found: Any) -> bool:
    """Tell whether something is how a training went, as ``diagnose`` tells it."""
    return (
        isinstance(found, dict)
        and all(isinstance(found.get(key), str) for key in ("state", "text"))
        and isinstance(found.get("broken", []), list)
    )


def _group_models(runs: Sequence[Metrics]) -> dict[str, list[Metrics]]:
    """Collect the models of all runs under a label: name, and preset if they differ."""
    several = len({run.get("preset") for run in runs}) > 1
    groups: dict[str, list[Metrics]] = {}
    for run in runs:
        for name, model in run["models"].items():
            label = f"{name} ({run.get('preset')})" if several else name
            groups.setdefault(label, []).append(model)
    return groups


def _group_table(
    groups: Mapping[str, Sequence[Metrics]], known: Sequence[MetricRow]
) -> str:
    """Lay out one column per group, with the mean and range over its members."""
    columns = {
        group: [f"{group} #{i}" for i in range(len(models))]
        for group, models in groups.items()
    }
    members = {
        column: model
        for group, models in groups.items()
        for column, model in zip(columns[group], models, strict=True)
    }
    rows = metric_rows(members, known, max_times=5)
    body: list[list[str]] = []
    for section, section_rows in groupby(rows, key=lambda row: row.section):
        body.append([section])
        for row in section_rows:
            cells = [_spread(row.values, names) for names in columns.values()]
            body.append([f"  {row.label}", *cells])
    header = [
        f"{group}, {len(models)} runs" if len(models) > 1 else group
        for group, models in groups.items()
    ]
    table = text_table(["", *header], body)
    several = any(len(models) > 1 for models in groups.values())
    return f"{table}\n\n{RANGE_NOTE}" if several else table


def _spread(values: Mapping[str, float], names: Sequence[str]) -> str:
    """Mean and range of the named values, or one number if all read the same."""
    found = [values[name] for name in names if name in values]
    shown = {format_value(value) for value in found}
    if len(shown) < 2:
        return shown.pop() if shown else format_value(None)
    low, high = format_value(min(found)), format_value(max(found))
    return f"{format_value(fmean(found))} [{low}, {high}]"
