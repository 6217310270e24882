"""Sums of squares and lengths, in float64 whatever the float type."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

__all__ = ["length", "squares"]


def squares(r: Tensor) -> float:
    """Return the sum of squares."""
    return float(r.double().square().sum())


def length(tensors: Sequence[Tensor]) -> float:
    """Return the Euclidean norm of tensors together."""
    return float(sum(squares(t) for t in tensors) ** 0.5)
