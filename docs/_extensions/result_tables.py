"""Tables of README and pages, written from ``docs/results``.

A comment says which table stands below it, up to the comment that ends it::

    <!-- table: euler-torus | rows: density, t = 0.1; steps | models: pinn; ncl-hard -->
    <!-- end of table -->

Without ``rows`` or ``models`` it has all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from results import Result, Row

__all__ = ["fill", "seeds_in_words", "table"]

BLOCK = re.compile(r"(<!-- table: (.*?) -->\n).*?(<!-- end of table -->)", re.DOTALL)
SHOWN_UNITS = ("KiB", "MiB", "ms", "sMAPE", "(m/s)^2")


def fill(text: str, results: Mapping[str, Result]) -> str:
    """Return the text with all its tables written anew.

    Raises:
        ValueError: A comment names a file, a row or a model that there is not, or a
            table has no end.
    """
    if text.count("<!-- table: ") != len(BLOCK.findall(text)):
        raise ValueError("table: each comment must be followed by '<!-- end of table'.")
    return BLOCK.sub(lambda m: m[1] + _from_comment(m[2], results) + m[3], text)


def table(result: Result, rows: list[Row], models: list[str]) -> str:
    """Return a Markdown table: a line for each row, a column for each model.

    Raises:
        ValueError: The result has no such model.
    """
    for model in models:
        if model not in result.models:
            known = "; ".join(result.models)
            raise ValueError(f"models: must be of {known}; got {model!r}.")
    heads = [model if " " in model else f"`{model}`" for model in models]
    lines = [[seeds_in_words(result), *heads], ["---"] * (len(models) + 1)]
    lines += [[_label(row), *(row.cell(m) for m in models)] for row in rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def seeds_in_words(result: Result) -> str:
    """Say how many seeds stand behind the values of a result."""
    known = [str(seed) for seed in result.seeds if seed is not None]
    if not result.seeds:
        return "no random numbers"
    if len(known) < len(result.seeds):
        return "one seed" if len(result.seeds) == 1 else f"{len(result.seeds)} draws"
    if len(known) == 1:
        return f"seed {known[0]}"
    listed = "seeds " + ", ".join(known)
    return f"mean of {listed}" if result.statistic == "mean" else listed


def _label(row: Row) -> str:
    return f"{row.name} ({row.unit})" if row.unit in SHOWN_UNITS else row.name


def _from_comment(comment: str, results: Mapping[str, Result]) -> str:
    stem, *options = comment.split(" | ")
    if stem not in results:
        raise ValueError(f"table: docs/results has no {stem}.json, named in a comment.")
    chosen = dict(option.split(": ", 1) for option in options)
    if not chosen.keys() <= {"rows", "models"}:
        raise ValueError(f"table: takes rows and models, got {comment!r}.")
    result = results[stem]
    names = chosen["rows"].split("; ") if "rows" in chosen else None
    models = chosen["models"].split("; ") if "models" in chosen else result.models
    rows = [result.row(name) for name in names] if names else result.rows
    return table(result, rows, models)
