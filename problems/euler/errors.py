"""Errors of a flow at several times, as ``metrics.json`` holds them."""

from __future__ import annotations

from collections.abc import Sequence

from ncl_deepxde.evaluation.metrics import (
    Array,
    Solution,
    errors_over_time,
    time_key,
)

__all__ = ["errors_by_time"]


def errors_by_time(
    solution: Solution, reference: Solution, points: Array, times: Sequence[float]
) -> dict[str, dict[str, dict[str, float]]]:
    """Compare a flow with another one.

    Args:
        solution: The flow to judge.
        reference: The flow to judge by.
        points: Uniform points of the domain, (N, d).
        times: Times to compare at.

    Returns:
        Metric to field to time, as text, to error.
    """
    errors = errors_over_time(solution, reference, points, times)
    return {
        metric: {
            field: {time_key(t): error for t, error in series.items()}
            for field, series in fields.items()
        }
        for metric, fields in errors.items()
    }
