"""What a run shows, in words: who is accurate, what failed, what is exact."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..evaluation.rows import MetricRow
from .diagnosis import warnings_of
from .tables import Metrics, Row, format_value, metric_rows

__all__ = ["Finding", "doubts", "exact_digits", "findings"]

LEVEL = 1.25
"""Factor between two values below which they are called level. Over three seeds of the
demo, errors of one model at one time differ by factors of 1.2 to 1.8 (README)."""

SHOWN = 3
"""Most comparisons of which the values are told."""

MOST_DIGITS = 16


@dataclass(frozen=True)
class Finding:
    """An answer to one question that a reader has.

    Attributes:
        question: The question.
        answers: Sentences, a paragraph each.
        is_warning: Whether a number of the run must not be used as it stands.
    """

    question: str
    answers: tuple[str, ...]
    is_warning: bool = False


def findings(metrics: Metrics, known: Sequence[MetricRow]) -> list[Finding]:
    """Answer what a newcomer asks first, from ``metrics.json`` alone.

    Args:
        metrics: Content of ``metrics.json``.
        known: How its metrics are shown.
    """
    lost = _diverged(metrics)
    rows = metric_rows(metrics["models"], known, max_times=5)
    return [
        Finding("Who is the most accurate?", tuple(_accuracy(rows, lost, metrics))),
        _trainings(metrics),
        _reference(metrics, known),
        Finding("What is exact?", tuple(_exactness(rows))),
    ]


def exact_digits(ratio: float) -> int:
    r"""Return the number of digits to which a law holds.

    :math:`\lfloor -\log_{10} r \rfloor`, from 0 to 16, for what is left of a sum,
    divided by its largest term.
    """
    if not math.isfinite(ratio):
        return 0
    if ratio <= 0:
        return MOST_DIGITS
    return min(max(math.floor(-math.log10(ratio)), 0), MOST_DIGITS)


def _diverged(metrics: Metrics) -> set[str]:
    """Return the models of which a training diverged."""
    training = metrics.get("training", {})
    cells = [name for name, one in training.items() if one["state"] == "diverged"]
    return {_model_of(cell, metrics["models"]) for cell in cells}


def _model_of(cell: str, models: Iterable[str]) -> str:
    """Return the model of a training, which is called MODEL-CASE-SEED."""
    # One may be called after another: pinn and pinn-hard.
    fitting = (model for model in models if f"{cell}-".startswith(f"{model}-"))
    return max(fitting, key=len, default=cell)


def _accuracy(rows: Iterable[Row], lost: set[str], metrics: Metrics) -> Iterable[str]:
    """Tell who has the best value how often, and the values at the end."""
    compared = _comparable(rows, lost)
    names = [name for name in metrics["models"] if name not in lost]
    if len(names) < 2 or not compared:
        yield from (f"{row.title}: {_values(row, names)}." for row in _ends(compared))
        if not compared:
            yield "This run compares nothing."
        return
    wins = {name: sum(row.is_best(name) for row in compared) for name in names}
    ranked = sorted((n for n in names if wins[n]), key=lambda name: -wins[name])
    told = ", ".join(f"{name} in {wins[name]}" for name in ranked)
    number = len(compared)
    of = f"of {number} comparisons" if number > 1 else "of one comparison"
    yield f"Best {of}: {told or 'nobody, all are equal'}."
    for row in _ends(compared):
        yield f"{row.title}: {_values(row, names)}.{_margin(row, names)}"
    if lost:
        listed = ", ".join(sorted(lost))
        yield f"Left out of this, since the training diverged: {listed}."
    if not any("seeds" in model for model in metrics["models"].values()):
        yield (
            "This is one seed. Repeat with --seed 1 and 2 into other directories, then "
            "run ncl-deepxde compare on them, before you call a small gap a result."
        )


def _comparable(rows: Iterable[Row], lost: set[str]) -> list[Row]:
    """Return the rows that judge accuracy, without the models that are lost."""
    judged = [r for r in rows if r.best and r.metric.judges == "accuracy"]
    keys = {row.metric.key for row in judged}
    # Both are the same error in other units, and one says what a bad one is.
    if {"relative_l2", "standardized_l2"} <= keys:
        judged = [row for row in judged if row.metric.key != "relative_l2"]
    # At the start, those are best that have it built in.
    judged = [row for row in judged if not row.label.endswith(", t = 0")]
    kept = (row.without(lost) for row in judged)
    return [row for row in kept if any(v != 0 for v in row.values.values())]


def _ends(rows: Sequence[Row]) -> list[Row]:
    """Return the last row of each metric and field: that of the last time."""
    last = {(r.metric.key, r.label.partition(", t = ")[0]): r for r in rows}
    return list(last.values())[:SHOWN]


def _values(row: Row, names: Sequence[str]) -> str:
    """Return names with values, the best one first."""
    found = [name for name in names if name in row.values]
    order = sorted(found, key=row.values.__getitem__, reverse=row.best == "largest")
    return ", ".join(f"{name} {format_value(row.values[name])}" for name in order)


def _margin(row: Row, names: Sequence[str]) -> str:
    """Say that the two best are level, or that none is good, where it is so."""
    values = sorted(abs(row.values[name]) for name in names if name in row.values)
    if row.metric.key == "standardized_l2" and values and values[0] >= 1:
        return " None is better than answering with the mean of the field, which has 1."
    if row.best == "largest" or len(values) < 2 or values[1] > LEVEL * values[0]:
        return ""
    return " The first two are about level."


def _trainings(metrics: Metrics) -> Finding:
    """Tell what became of the trainings."""
    question = "Did every training succeed?"
    found = warnings_of(metrics)
    training = metrics.get("training", {})
    improving = [n for n, one in training.items() if one["state"] == "improving"]
    if improving:
        listed = ", ".join(improving)
        found.append(f"Still improving at its end, more steps would help: {listed}.")
    if not training:
        found = ["The log does not tell."]
    states = {one["state"] for one in training.values()}
    is_bad = bool(states & {"diverged", "stalled"})
    is_bad |= any(one.get("broken") for one in training.values())
    if not found:
        short = "unknown" in states
        found = ["Too short to tell." if short else "Yes: every loss fell and rests."]
    return Finding(question, tuple(found), is_bad)


def _reference(metrics: Metrics, known: Sequence[MetricRow]) -> Finding:
    """Tell whether the reference can judge the models."""
    question = "Is the reference good enough to judge?"
    facts: Mapping[str, Any] = metrics.get("reference") or {}
    solver = str(facts.get("solver", ""))
    if not solver:
        return Finding(question, ("The problem does not describe its reference.",))
    if "exact" in solver or "closed form" in solver:
        text = f"Yes: it is known ({solver}). All differences are those of the models."
        return Finding(question, (text,))
    if "observations" in solver:
        text = (
            "It is measured: no model can be judged more finely than the instruments "
            "measure."
        )
        return Finding(question, (text,))
    found = tuple(doubts(metrics))
    if found:
        return Finding(question, found, is_warning=True)
    answers = [f"It is computed ({solver})."]
    if "agreement" in metrics:
        answers.append(
            "No two models agree with each other clearly better than with it, which "
            "they would where it is the worst of them."
        )
    answers.append(
        "Its own error is not measured in this run: solve it once more on a finer mesh "
        f"(ncl-deepxde reference {metrics['problem']} --n ...) before you tell apart "
        "models that are close."
    )
    return Finding(question, tuple(answers))


def doubts(metrics: Metrics) -> list[str]:
    r"""Tell where two models agree with each other better than with the reference.

    With errors :math:`e_1, e_2` against the reference and the distance :math:`d` of
    two models, :math:`2 d < \min(e_1, e_2)`: more than half of what they are off is
    the same for both, and they were trained apart. Of several such pairs the one with
    the smallest :math:`d / \min(e_1, e_2)` is told, for each field.
    """
    models = metrics["models"]
    worst: dict[str, tuple[float, str]] = {}
    for pair, fields in metrics.get("agreement", {}).items():
        first, second = pair.split(" and ")
        for field, series in fields.items():
            errors = [models[m]["standardized_l2"][field] for m in (first, second)]
            shares = {
                time: distance / nearer
                for time, distance in series.items()
                if 2 * distance < (nearer := min(e.get(time, 0.0) for e in errors))
            }
            if not shares:
                continue
            start, at = next(iter(shares)), next(reversed(shares))
            told = (
                f"Not for {field} from t = {start} on: at t = {at}, {pair} "
                f"differ from each other by {format_value(series[at])}, from the "
                f"reference by {format_value(errors[0][at])} and "
                f"{format_value(errors[1][at])}. Solve it on a finer mesh."
            )
            worst[field] = min(
                worst.get(field, (2.0, "")), (min(shares.values()), told)
            )
    return [told for _, told in worst.values()]


def _exactness(rows: Iterable[Row]) -> Iterable[str]:
    """Tell to how many digits each model keeps each law."""
    told = False
    for row in rows:
        if not row.metric.law:
            continue
        told = True
        digits = {name: exact_digits(value) for name, value in row.values.items()}
        words = [f"{name} {_digits(number)}" for name, number in digits.items()]
        label = row.label.removeprefix(row.metric.label).strip()
        case = f" ({label})" if label else ""
        yield f"{row.metric.law}{case}: {', '.join(words)}."
    if told:
        yield (
            "Numbers of single precision (float32) carry 7 to 8 digits, of double "
            "precision (float64) 16; sums of many terms lose one to three of them."
        )
    else:
        yield "This problem measures no law."


def _digits(number: int) -> str:
    if number == 0:
        return "does not keep it"
    return f"to {number} digit{'s' if number > 1 else ''}"
