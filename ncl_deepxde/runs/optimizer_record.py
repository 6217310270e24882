"""What the last step of an optimizer was, for the log: plain JSON."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from ..optimizers.gauss_newton.history import StepRecord

__all__ = ["as_json", "last_step"]


def last_step(optimizer: Any) -> StepRecord | None:
    """Return the newest record of ``optimizer.history``, where there is one."""
    history = getattr(optimizer, "history", None)
    newest = history[-1] if isinstance(history, list) and history else None
    return newest if isinstance(newest, StepRecord) else None


def as_json(record: StepRecord) -> dict[str, Any]:
    """Return a record as values of JSON, where NaN and infinity are null."""
    return {name: _plain(value) for name, value in asdict(record).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
