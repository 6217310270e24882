"""The report of a run: an HTML file that opens offline, a table for the terminal."""

from __future__ import annotations

import itertools
import json
import os
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..evaluation.rows import MetricRow
from ..files import replacing
from .diagnosis import warnings_of
from .findings import findings
from .frames import Film, film
from .tables import Metrics, format_value, metric_rows, text_table

TEMPLATE = "report.html.jinja"
FACTS = ("problem", "preset", "seed", "device", "threads")
FIELD_SUFFIXES = (".pvd", ".xdmf")


def write_report(
    directory: str | os.PathLike[str],
    *,
    title: str,
    summary_html_or_text: str,
    metrics: Metrics,
    rows: Sequence[MetricRow],
    figures: Sequence[tuple[str, str]],
    command: str,
) -> Path:
    """Write ``report.html``, with every figure inside it; animations can be paused.

    It begins with what the run shows, in words (:mod:`.findings`).

    Args:
        directory: Run directory; ParaView files below it are linked.
        title: Heading.
        summary_html_or_text: Text, blank lines part paragraphs; ``markupsafe.Markup``
            with HTML that is used as it is.
        metrics: Content of ``metrics.json``.
        rows: How its metrics are shown.
        figures: File name relative to ``directory``, and caption.
        command: Command line that repeats the run.

    Returns:
        The path of the report.

    Raises:
        ValueError: If a figure is missing.
    """
    folder = Path(directory)
    fields = sorted(f for f in folder.rglob("*.*") if f.suffix in FIELD_SUFFIXES)
    shown = metric_rows(metrics["models"], rows, max_times=5)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template(TEMPLATE).render(
        title=title,
        summary=summary_html_or_text,
        facts={k: metrics.get(k, "-") for k in FACTS},
        models=list(metrics["models"]),
        sections=itertools.groupby(shown, key=lambda row: row.section),
        format_value=format_value,
        training=metrics.get("training", {}),
        findings=findings(metrics, rows),
        meanings={r.metric.key: r for r in shown if r.metric.meaning}.values(),
        figures=[(_shown(folder / name), text) for name, text in figures],
        reference=list(_settings(metrics.get("reference") or {})),
        fields=[f.relative_to(folder).as_posix() for f in fields],
        command=command,
    )
    report = folder / "report.html"
    with replacing(report) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return report


def terminal_table(metrics: Metrics, rows: Sequence[MetricRow]) -> str:
    """Lay out the metrics of each model as text of at most 100 columns.

    The best value of a row carries a star; a training that went wrong has a footnote.

    Args:
        metrics: Content of ``metrics.json``.
        rows: How its metrics are shown.
    """
    models = list(metrics["models"])
    body: list[list[str]] = []
    for section, shown in itertools.groupby(
        metric_rows(metrics["models"], rows, max_times=5), key=lambda row: row.section
    ):
        body.append([section])
        for row in shown:
            stars = ["*" if row.is_best(model) else " " for model in models]
            cells = [format_value(row.values.get(model)) for model in models]
            marked = [cell + star for cell, star in zip(cells, stars, strict=True)]
            body.append([f"  {row.label}", *marked])
    table = text_table(
        [str(metrics.get("problem", "")), *(f"{m} " for m in models)], body
    )
    notes = ["* best of the row"] if len(models) > 1 else []
    notes += [textwrap.fill(f"! {text}", 100) for text in warnings_of(metrics)]
    return "\n\n".join([table, "\n".join(notes)] if notes else [table])


def _shown(path: Path) -> Film:
    """Return an image as a film of one picture, an animation with all of them."""
    if not path.is_file():
        raise ValueError(
            f"figures: names must be files in the run directory, {path} is missing; "
            "draw it before the report."
        )
    return film(path)


def _settings(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Flatten settings to pairs of name and text; long lists show their ends."""
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _settings(value, f"{name}, ")
        elif isinstance(value, list | tuple):
            parts = [_plain(part) for part in value]
            shown = parts if len(parts) <= 8 else [*parts[:3], "...", *parts[-3:]]
            yield name, ", ".join(shown)
        else:
            yield name, _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, default=str)
