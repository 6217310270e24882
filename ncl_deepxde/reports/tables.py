"""Metrics as tables: which rows there are, which value is best, aligned text."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from ..evaluation.rows import Best, MetricRow

__all__ = ["Metrics", "Row", "format_value", "metric_rows", "text_table"]

Metrics: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One quantity with its value per column; a column may lack it."""

    metric: MetricRow
    label: str
    best: Best
    values: Mapping[str, float]

    @property
    def section(self) -> str:
        """Heading of the table it stands under."""
        return self.metric.section

    @property
    def title(self) -> str:
        """What it is called outside of the table."""
        return f"{self.section}, {self.label}" if self.metric.has_times else self.label

    def without(self, columns: Collection[str]) -> Row:
        """Return the same row without some columns."""
        kept = {c: v for c, v in self.values.items() if c not in columns}
        return replace(self, values=kept)

    def is_best(self, column: str) -> bool:
        """Whether this column shows the best value, and others show worse.

        Values that read the same share the first place.
        """
        finite = {c: v for c, v in self.values.items() if math.isfinite(v)}
        if self.best is None or column not in finite:
            return False
        if len({format_value(value) for value in self.values.values()}) < 2:
            return False
        pick = min if self.best == "smallest" else max
        return format_value(finite[column]) == format_value(pick(finite.values()))


def metric_rows(
    models: Mapping[str, Metrics], known: Sequence[MetricRow], max_times: int = 8
) -> list[Row]:
    """Turn the ``models`` of a ``metrics.json`` into rows, ordered by section.

    Nested keys become one row each; of more than ``max_times`` times per field an even
    selection is kept, with the first and the last. The values of single seeds make no
    rows, and metrics that are not known come last, under their keys.

    Args:
        models: Metrics of each model.
        known: How metrics are shown, in their order.
        max_times: Largest number of times per field.
    """
    labels = _Labels(known)
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for name, metrics in models.items():
        shown = {key: v for key, v in metrics.items() if key != "seeds"}
        for path, value in _leaves(_with_step_cost(shown)):
            found.setdefault(path, {})[name] = value
    kept = _thin_times(sorted(found, key=labels.place), max_times)
    return [labels.row(path, found[path]) for path in kept]


class _Labels:
    """Finds how a value is shown from its path of keys.

    Args:
        known: How metrics are shown, in their order.
    """

    def __init__(self, known: Sequence[MetricRow]) -> None:
        self.known = {row.key: row for row in known}
        self.keys = list(self.known)
        self.sections = list(dict.fromkeys(row.section for row in known))

    def row(self, path: Sequence[str], values: Mapping[str, float]) -> Row:
        """Label the values, by column, of a path of keys."""
        metric, case = self._split(path[0])
        inner = list(path[1:])
        if metric.has_times and len(inner) == 2:
            inner = [f"{inner[0]}, t = {inner[1]}"]
        unit = f"({metric.unit})" if metric.unit else ""
        label = " ".join(filter(None, [metric.label, case, *inner, unit]))
        best = None if path[-1] == "std" else metric.best
        return Row(metric, label, best, values)

    def place(self, path: tuple[str, ...]) -> tuple[Any, ...]:
        """Tell where a path stands in the table."""
        metric, _ = self._split(path[0])
        inner = tuple(_number_or_text(part) for part in path[1:])
        if metric.key not in self.known:
            return len(self.sections), len(self.keys), path[0], inner
        section = self.sections.index(metric.section)
        return section, self.keys.index(metric.key), path[0], inner

    def _split(self, key: str) -> tuple[MetricRow, str]:
        """Part a key such as ``r2_2d`` into its metric and the case, ``2D``."""
        starts = [name for name in self.keys if f"{key}_".startswith(f"{name}_")]
        if not starts:
            return MetricRow(key, "Other", key.replace("_", " ")), ""
        name = max(starts, key=len)
        case = key[len(name) + 1 :].replace("_", " ")
        return self.known[name], case.upper() if len(case) < 3 else case


def format_value(value: float | None) -> str:
    """Format a number for a table: integers whole, others with three digits."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return "not finite"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:#.3g}".rstrip(".") if abs(value) < 999.5 else f"{value:,.0f}"
    return f"{value:.2e}"


def text_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], width: int = 100
) -> str:
    """Align cells as text: first column left, others right, at most ``width`` wide.

    Columns that do not fit follow in a further block with the first column repeated.
    A row of one cell is a heading.
    """
    rows = list(rows)
    full = [row for row in [header, *rows] if len(row) == len(header)]
    sizes = [max(len(cell) for cell in column) for column in zip(*full, strict=True)]
    blocks: list[list[int]] = [[]]
    for column, size in enumerate(sizes[1:], start=1):
        used = sizes[0] + sum(2 + sizes[c] for c in blocks[-1])
        if blocks[-1] and used + 2 + size > width:
            blocks.append([])
        blocks[-1].append(column)
    return "\n\n".join(_text_block(header, rows, sizes, block) for block in blocks)


def _text_block(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    sizes: Sequence[int],
    columns: Sequence[int],
) -> str:
    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(sizes[0])] + [row[c].rjust(sizes[c]) for c in columns]
        return "  ".join(cells).rstrip()

    rule = "-" * (sizes[0] + sum(2 + sizes[c] for c in columns))
    body = [row[0] if len(row) == 1 else line(row) for row in rows]
    return "\n".join([line(header), rule, *body])


def _with_step_cost(metrics: Metrics) -> Metrics:
    seconds, steps = metrics.get("train_seconds"), metrics.get("steps")
    if not isinstance(seconds, int | float) or not isinstance(steps, int | float):
        return metrics
    if not steps:
        return metrics
    return {"seconds_per_step": seconds / steps, **metrics}


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, float]]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield path, float(tree)


def _number_or_text(part: str) -> tuple[int, float, str]:
    try:
        return 0, float(part), ""
    except ValueError:
        return 1, 0.0, part


def _thin_times(paths: list[tuple[str, ...]], most: int) -> list[tuple[str, ...]]:
    groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for path in paths:
        groups.setdefault(path[:-1] if len(path) == 3 else path, []).append(path)
    kept: list[tuple[str, ...]] = []
    for group in groups.values():
        step = max(1, len(group) - 1) / max(1, min(most, len(group)) - 1)
        places = {round(i * step) for i in range(min(most, len(group)))}
        kept += [path for i, path in enumerate(group) if i in places]
    return kept
