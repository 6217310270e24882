"""The cells of a run: one training for each model, case and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

__all__ = [
    "Cell",
    "list_cells",
    "mean_over_seeds",
    "merge",
    "values_per_seed",
    "with_costs",
]

# Costs that several cases of a model share as a sum.
SUMS = ("train_seconds", "steps", "parameters")


@dataclass(frozen=True)
class Cell:
    """One training of a run.

    Attributes:
        model: Name of the model.
        case: Key of ``settings["cases"]``; ``None`` where the preset has no cases.
        seed: Of weights and points.
        settings: Of the preset, with those of the case merged in and, under
            ``"case"``, its name.
        label: Model and case, the key of its solution in a figure.
        name: In the log and of the checkpoint: the label, and the seed among several.
    """

    model: str
    case: str | None
    seed: int
    settings: Mapping[str, Any]
    label: str
    name: str


def list_cells(
    models: Sequence[str], settings: Mapping[str, Any], seed: int
) -> list[Cell]:
    """Return the trainings of a run in their order.

    Args:
        models: Names of models.
        settings: Of a preset; ``"cases"`` holds the settings that differ, by case, and
            ``"seeds"`` the number of seeds, from the first one on.
        seed: The first one.
    """
    cases = settings.get("cases") or {None: {}}
    number = settings.get("seeds", 1)
    cells = []
    for model in models:
        for case, changes in cases.items():
            own = settings if case is None else merge(settings, changes, {"case": case})
            label = model if case is None else f"{model}-{case}"
            for k in range(seed, seed + number):
                name = label if number == 1 else f"{label}-seed{k}"
                cells.append(Cell(model, case, k, own, label, name))
    return cells


def with_costs(
    cell: Cell, costs: Mapping[str, float], measured: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the metrics of a cell; of several cases each has costs of its own.

    Args:
        cell: The cell.
        costs: Of its training.
        measured: Its other metrics, whose keys tell the case.
    """
    if len(cell.settings.get("cases") or {}) < 2:
        return {**costs, **measured}
    own = {f"{key}_{cell.case}": value for key, value in costs.items()}
    return {**{key: costs[key] for key in SUMS}, **own, **measured}


def add_case(record: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics of some cases of one model and seed with those of another."""
    sums = {key: record[key] + more[key] for key in SUMS if key in record}
    return {**merge(record, more), **sums}


def mean_over_seeds(records: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the means of all numbers; under ``"seeds"`` what they are the means of.

    Args:
        records: Metrics of one model by seed. A number may be missing for some.
    """
    if len(records) == 1:
        return dict(*records.values())
    by_seed = {str(seed): dict(record) for seed, record in records.items()}
    return {**_mean(list(records.values())), "seeds": by_seed}


def values_per_seed(metrics: Mapping[str, Any], key: str) -> dict[str, list[float]]:
    """Return the values of a metric of all models, one for each seed that has it.

    Args:
        metrics: Content of ``metrics.json``.
        key: Of the metric.
    """
    found = {}
    for name, model in metrics["models"].items():
        records = model.get("seeds", {"": model}).values()
        found[name] = [record[key] for record in records if key in record]
    return found


def merge(*settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return mappings merged key by key; the last one counts, inner ones merge too."""
    merged: dict[str, Any] = {}
    for mapping in settings:
        for key, value in mapping.items():
            old: Any = merged.get(key)
            has_inner = isinstance(old, Mapping) and isinstance(value, Mapping)
            merged[key] = merge(old, value) if has_inner else value
    return merged


def _mean(values: Sequence[Any]) -> Any:
    """Return the mean of numbers, or mappings of such means."""
    if not isinstance(values[0], Mapping):
        return values[0] if len(set(values)) == 1 else fmean(values)
    keys = dict.fromkeys(key for value in values for key in value)
    return {key: _mean([v[key] for v in values if key in v]) for key in keys}
