"""The cells of a run: one training for each model, case and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, TypeAlias

from .settings import Preset, merge

__all__ = [
    "Cell",
    "RunRecords",
    "list_cells",
    "mean_over_seeds",
    "records_by_case",
    "values_per_seed",
    "with_costs",
]

RunRecords: TypeAlias = dict[str, dict[str, list[list[Mapping[str, Any]]]]]
"""Case to model to the log records of each seed."""

# Costs that several cases of a model share as a sum.
SUMS = ("train_seconds", "steps", "parameters")


@dataclass(frozen=True)
class Cell:
    """One training of a run.

    Attributes:
        model: Name of the model.
        case: Name of the case; ``None`` where the preset has no cases.
        seed: Seed of weights and points.
        content: JSON values of the preset in this case.
        label: Model and case, the key of its solution in a figure.
        name: In the log and of the checkpoint: the label, and the seed among several.
    """

    model: str
    case: str | None
    seed: int
    content: Mapping[str, Any]
    label: str
    name: str


def list_cells(models: Sequence[str], preset: Preset, seed: int) -> list[Cell]:
    """List the trainings of a run in their order.

    Args:
        models: Names of models.
        preset: Preset with the cases and the number of seeds.
        seed: The first seed.
    """
    number = preset.content.get("seeds", 1)
    cells = []
    for model in models:
        for case in preset.cases or (None,):
            content = preset.content_of(case)
            label = model if case is None else f"{model}-{case}"
            for k in range(seed, seed + number):
                name = label if number == 1 else f"{label}-seed{k}"
                cells.append(Cell(model, case, k, content, label, name))
    return cells


def records_by_case(
    records: Sequence[Mapping[str, Any]], cells: Sequence[Cell]
) -> RunRecords:
    """Sort the records of a log by case, model and seed.

    Args:
        records: Records of the log, with the name of their cell under ``"model"``.
        cells: Cells of the run in their order. One without records has an empty list.
    """
    found: RunRecords = {}
    for cell in cells:
        case = found.setdefault(str(cell.case), {})
        matching = [r for r in records if r.get("model") == cell.name]
        case.setdefault(cell.model, []).append(matching)
    return found


def with_costs(
    cell: Cell, costs: Mapping[str, float], measured: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the metrics of a cell; of several cases each has separate costs.

    Args:
        cell: The cell.
        costs: Costs of its training.
        measured: Its other metrics, whose keys tell the case.
    """
    if len(cell.content.get("cases") or {}) < 2:
        return {**costs, **measured}
    by_case = {f"{key}_{cell.case}": value for key, value in costs.items()}
    return {**{key: costs[key] for key in SUMS}, **by_case, **measured}


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
        key: Key of the metric.
    """
    found = {}
    for name, model in metrics["models"].items():
        records = model.get("seeds", {"": model}).values()
        found[name] = [record[key] for record in records if key in record]
    return found


def _mean(values: Sequence[Any]) -> Any:
    """Return the mean of numbers, or mappings of such means."""
    if not isinstance(values[0], Mapping):
        return values[0] if len(set(values)) == 1 else fmean(values)
    keys = dict.fromkeys(key for value in values for key in value)
    return {key: _mean([v[key] for v in values if key in v]) for key in keys}
