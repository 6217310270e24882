"""Metrics as tables: which rows there are, which value is best, aligned text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

type Metrics = Mapping[str, Any]
type Best = Literal["smallest", "largest"] | None

# metrics.json key: section of the table, label, which value is best
KNOWN: dict[str, tuple[str, str, Best]] = {
    "relative_l2": ("Relative L2 error", "", "smallest"),
    "standardized_l2": ("Error / standard deviation", "", "smallest"),
    "relative_squared_l2": ("Relative squared L2 error", "dimension", "smallest"),
    "w2_squared": ("Squared Wasserstein distance", "", None),
    "w2_relative_difference": (
        "Squared Wasserstein distance",
        "relative difference from the reference",
        None,
    ),
    "w2_relative_to_limit": (
        "Squared Wasserstein distance",
        "relative difference from its limit",
        None,
    ),
    "arrival": ("Squared Wasserstein distance", "from image to target", None),
    "kinetic_energy": ("Squared Wasserstein distance", "kinetic energy", None),
    "terminal_mse": ("Mean square error at the end", "", "smallest"),
    "density_mse": ("Accuracy", "density mean square error", "smallest"),
    "velocity_mse": ("Accuracy", "velocity mean square error", "smallest"),
    "consistency_smape": ("Accuracy", "consistency SMAPE", "smallest"),
    "r2": ("Accuracy", "R2", "largest"),
    "r2_truth": ("Accuracy", "R2 everywhere, against the truth", "largest"),
    "r2_interpolation": ("Accuracy", "R2 at observed times", "largest"),
    "transport_error": ("Accuracy", "density error / its change", "smallest"),
    "continuity_max": ("Conservation", "largest continuity residual", "smallest"),
    "continuity_relative": ("Conservation", "residual / largest term", "smallest"),
    "divergence_relative": (
        "Conservation",
        "divergence / largest term, dimension",
        "smallest",
    ),
    "mass_drift": ("Conservation", "mass drift", "smallest"),
    "mass_error": ("Conservation", "error of the mass", "smallest"),
    "wall_leakage": ("Conservation", "largest |m.n| on the wall", "smallest"),
    "train_seconds": ("Training", "seconds", None),
    "steps": ("Training", "steps", None),
    "seconds_per_step": ("Training", "seconds per step", "smallest"),
    "loss": ("Training", "final loss", None),
    "parameters": ("Training", "parameters", None),
    "peak_mib": ("Training", "peak memory (MiB), observations", "smallest"),
    "memory_per_point": (
        "Training",
        "memory per point (KiB), dimension",
        "smallest",
    ),
}
SECTIONS = list(dict.fromkeys(section for section, _, _ in KNOWN.values()))


@dataclass(frozen=True)
class Row:
    """One quantity with its value per column; a column may lack it."""

    section: str
    label: str
    best_is: Best
    values: Mapping[str, float]

    def is_best(self, column: str) -> bool:
        """Whether this column shows the best value, and others show worse.

        Values that read the same share the first place.
        """
        finite = {c: v for c, v in self.values.items() if math.isfinite(v)}
        if self.best_is is None or column not in finite:
            return False
        if len({format_value(value) for value in self.values.values()}) < 2:
            return False
        pick = min if self.best_is == "smallest" else max
        return format_value(finite[column]) == format_value(pick(finite.values()))


def metric_rows(models: Mapping[str, Metrics], max_times: int = 8) -> list[Row]:
    """Turn the `models` of a `metrics.json` into rows, ordered by section.

    Nested keys become one row each; of more than `max_times` times per field an even
    selection is kept, with the first and the last. The values of single seeds make no
    rows.
    """
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for name, metrics in models.items():
        shown = {key: v for key, v in metrics.items() if key != "seeds"}
        for path, value in _leaves(_with_step_cost(shown)):
            found.setdefault(path, {})[name] = value
    kept = _thin_times(sorted(found, key=_order), max_times)
    return [Row(*_describe(path), values=found[path]) for path in kept]


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
    """Align cells as text: first column left, others right, at most `width` wide.

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
    if seconds is None or not steps:
        return metrics
    return {"seconds_per_step": seconds / steps, **metrics}


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, float]]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield path, float(tree)


def _split_key(key: str) -> tuple[str, str]:
    """Part a key such as `r2_2d` into what is known and the case, `r2` and `2D`."""
    starts = [known for known in KNOWN if f"{key}_".startswith(f"{known}_")]
    if not starts:
        return key, ""
    known = max(starts, key=len)
    case = key[len(known) + 1 :].replace("_", " ")
    return known, case.upper() if len(case) < 3 else case


def _describe(path: Sequence[str]) -> tuple[str, str, Best]:
    key, dimension = _split_key(path[0])
    section, label, best = KNOWN.get(key, ("Other", key.replace("_", " "), None))
    if path[-1] == "std":
        best = None
    inner = list(path[1:])
    if key in ("relative_l2", "standardized_l2") and len(inner) == 2:
        inner = [f"{inner[0]}, t = {inner[1]}"]
    return section, " ".join(filter(None, [label, dimension, *inner])), best


def _order(path: tuple[str, ...]) -> tuple[Any, ...]:
    key, _ = _split_key(path[0])
    known = list(KNOWN)
    section = KNOWN[key][0] if key in KNOWN else None
    place = SECTIONS.index(section) if section else len(SECTIONS)
    inner = tuple(_number_or_text(part) for part in path[1:])
    return place, known.index(key) if section else len(known), path[0], inner


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
