"""What the losses of a training tell: whether it diverged, stalled or should go on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Literal, TypeAlias

__all__ = ["Diagnosis", "diagnose", "warnings_of"]

Records: TypeAlias = Sequence[Mapping[str, Any]]

LOST = 3.0
"""Factor of the smallest loss above which a training has diverged."""

SCATTER = 5.0
"""Multiple of the typical scatter of the logarithm from record to record that the last
of a dozen losses without a trend exceeds, above the smallest one, in one or two of a
hundred runs."""

GAIN = 0.9
"""Factor by which the smallest loss must have fallen to count as a decrease."""

NOISY = 4.0
"""Multiple of the loss a step leaves at its own points from which the loss elsewhere
says that points are too few. GaussNewton takes more of them from half as much, where
it can."""

ENOUGH = 8
"""Records that are needed before a training is said to stall: two in each quarter."""


@dataclass(frozen=True)
class Diagnosis:
    """What became of a training.

    Attributes:
        state: One word.
        text: A sentence with the numbers, and the remedy where there is one.
        lost: Number of iterates that the optimizer left for better weights.
    """

    state: Literal["diverged", "stalled", "improving", "ok", "unknown"]
    text: str
    lost: int = 0


def diagnose(records: Records) -> Diagnosis:
    r"""Tell from its log whether a training diverged, stalled or still improved.

    With :math:`s` the losses smoothed by medians of three and :math:`N` the number of
    records, a training diverged where its last loss exceeds :math:`3 \min s` and the
    scatter from record to record. It stalled where
    :math:`\min s > 0.9 \min s_{1..N/2}`, and still improved where
    :math:`\min s \le 0.9 \min s_{1..3N/4}`. The last stage counts, for stages may weigh
    their terms otherwise; what an earlier one lost must have been regained in it.

    The losses of a stage are those of the best weights at held-out points, where the
    log has them: these weights are what the network shows.

    Args:
        records: Records of one training in the log, with ``step``, ``stage``, ``loss``
            and ``terms``, and ``optimizer`` where its steps are recorded.
    """
    found, lost = _told(records), _lost(records)
    text = f"{found.text} {_lost_text(lost)}" if lost else found.text
    return replace(found, text=text, lost=lost)


def _told(records: Records) -> Diagnosis:
    groups = itertools.groupby(records, lambda r: r["stage"])
    stages = [_judged(list(group)) for _, group in groups]
    if not stages:
        return Diagnosis("unknown", "Its log is empty.")
    if not all(math.isfinite(r["loss"]) for r in stages[-1]):
        return _diverged(stages[-1], "not finite")
    if any(r["loss"] <= 0 for stage in stages for r in stage):
        return Diagnosis("unknown", "Its loss has no scale: it is not always positive.")
    for first in range(len(stages)):
        whole = [r for stage in stages[first:] for r in stage]
        lost = first == len(stages) - 1 or _is_lost(stages[first])
        if lost and _are_comparable(whole) and _is_lost(whole):
            return _diverged(whole, f"{whole[-1]['loss']:.2g}")
    return _pace(stages[-1])


def warnings_of(metrics: Mapping[str, Any]) -> list[str]:
    """Return a sentence for every training of a ``metrics.json`` that went wrong.

    What had to hold at the end of a stage, and did not, has one of its own.
    """
    texts = []
    for name, one in metrics.get("training", {}).items():
        if one["state"] in ("diverged", "stalled"):
            texts.append(f"{name} {one['state']}. {one['text']}")
        elif one.get("lost"):
            texts.append(f"{name} {one['state']}. {_lost_text(one['lost'])}")
        texts += [f"{name}: BROKEN: {text}." for text in one.get("broken", ())]
    return texts


def _judged(stage: Records) -> Records:
    """Put the best losses at held-out points in the place of those of the steps."""
    best = [(r.get("optimizer") or {}).get("best") for r in stage]
    if any(value is None for value in best):
        return stage
    return [{**r, "loss": value} for r, value in zip(stage, best, strict=True)]


def _lost(records: Records) -> int:
    """Return how many iterates were left until the last record that counts them."""
    counts = [(r.get("optimizer") or {}).get("lost", 0) for r in records]
    return max(counts, default=0)


def _lost_text(lost: int) -> str:
    what = "1 step was lost" if lost == 1 else f"{lost} steps were lost"
    return f"{what}, and training went on from the best weights before."


def _smoothed(records: Iterable[Mapping[str, Any]]) -> list[float]:
    """Return medians of three neighbours, of two at the ends."""
    losses = [r["loss"] for r in records]
    return [median(losses[max(i - 1, 0) : i + 2]) for i in range(len(losses))]


def _are_comparable(records: Records) -> bool:
    """Whether all stages have the same terms."""
    return len({tuple(r.get("terms", ())) for r in records}) == 1


def _is_lost(records: Records) -> bool:
    """Whether the last loss is far above the smallest, and not by scatter."""
    if not all(math.isfinite(r["loss"]) for r in records):
        return True
    logs = [math.log(r["loss"]) for r in records]
    # Off the mean of both neighbours: a steady decrease is no scatter.
    triples = zip(logs[:-2], logs[1:-1], logs[2:], strict=True)
    off = [abs(b - (a + c) / 2) for a, b, c in triples]
    allowed = max(math.log(LOST), SCATTER * median(off)) if off else math.inf
    return logs[-1] - math.log(min(_smoothed(records))) > allowed


def _diverged(records: Records, last: str) -> Diagnosis:
    best = min(records, key=lambda r: r["loss"])
    return Diagnosis(
        "diverged",
        f"Its last loss is {last}, its smallest was {best['loss']:.2g} at step "
        f"{best['step']}: do not use its numbers. More points, a larger least damping "
        "or a smaller learning rate help; so may another seed.",
    )


def _pace(records: Records) -> Diagnosis:
    """Tell how the smallest loss came down."""
    smoothed = _smoothed(records)
    number, best = len(smoothed), min(smoothed)
    if number < ENOUGH:
        return Diagnosis("unknown", "Its last stage is too short to tell.")
    half, late = min(smoothed[: number // 2]), min(smoothed[: 3 * number // 4])
    since = records[number // 2]["step"]
    remedy = _remedy(records[number // 2 :])
    if best > GAIN * half:
        return Diagnosis(
            "stalled",
            f"Its smallest loss, {best:.2g}, fell by less than a tenth since step "
            f"{since}. If its errors are too large, more steps will not help: {remedy}",
        )
    if best <= GAIN * late:
        return Diagnosis(
            "improving",
            f"Its loss, {best:.2g}, still falls, by {1 - best / half:.0%} since step "
            f"{since}: more steps will help.",
        )
    return Diagnosis("ok", f"Its loss came down to {best:.2g} and rests.")


def _remedy(records: Records) -> str:
    """Tell what helps a stalled training: its steps know whether points are too few."""
    steps = [r.get("optimizer") or {} for r in records]
    pairs = [(s.get("held_out"), s.get("left")) for s in steps]
    excess = [held_out / left for held_out, left in pairs if held_out and left]
    if not excess:
        return (
            "use more points or a larger network, other weights of the losses, or "
            "another seed."
        )
    if median(excess) >= NOISY:
        return (
            f"use more points. Its steps leave {median(excess):.2g} times less at "
            "their own points than at held-out ones."
        )
    return (
        "use a larger network, or float64 if the losses are at round-off. Its steps "
        "leave about as much at their own points as at held-out ones."
    )
