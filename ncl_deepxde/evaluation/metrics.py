"""Errors against a reference and drift of conserved quantities.

Everything here sees a solution as a function of points and time, so that networks,
finite elements and formulas are measured by the same code.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol, TypeAlias

import numpy as np

from ..arrays import Array, Times

__all__ = [
    "Array",
    "Errors",
    "NoScaleError",
    "Solution",
    "Times",
    "ball_grid",
    "ball_quadrature",
    "by_time_key",
    "errors_over_time",
    "mass_drift",
    "mean_squared_error",
    "r2",
    "relative_l2",
    "standardized_l2",
    "time_key",
    "torus_grid",
]

Errors: TypeAlias = dict[str, dict[str, dict[float, float]]]


class NoScaleError(ValueError):
    """A relative error without a scale: the reference vanishes or is constant."""


class Solution(Protocol):
    """A flow: density, velocity and perhaps pressure at any point and time."""

    def __call__(self, points: Array, time: float) -> dict[str, Array]:
        """Map points (N, d) and a time to ``rho`` (N, 1), ``u`` (N, d), ``p`` (N, 1).

        A flow without a pressure leaves ``p`` out.
        """
        ...


def time_key(time: float) -> str:
    """Name a time in ``metrics.json``: four significant digits, as in ``"0.3333"``."""
    return f"{time:.4g}"


def relative_l2(value: Array, reference: Array) -> float:
    r"""Relative error :math:`\|value - reference\| / \|reference\|`.

    Args:
        value: Values to judge, (N, k).
        reference: Values to judge by, (N, k).

    Raises:
        ValueError: The shapes differ.
        NoScaleError: The reference is zero.
    """
    _check_pair(value, reference)
    scale = _nonzero(_norm(reference), "vanish")
    return _norm(value - reference.astype(np.float64)) / scale


def standardized_l2(value: Array, reference: Array) -> float:
    r"""Error in standard deviations, :math:`rms(value - reference) / std(reference)`.

    Both sums run over points and components, the mean inside the standard deviation
    over points only: a constant added to the reference does not make errors small.

    Args:
        value: Values to judge, (N, k).
        reference: Values to judge by, (N, k).

    Raises:
        ValueError: The shapes differ.
        NoScaleError: The reference is constant.
    """
    _check_pair(value, reference)
    scale = _nonzero(_norm(_deviation(reference, axis=0)), "be constant")
    return _norm(value - reference.astype(np.float64)) / scale


def r2(value: Array, reference: Array) -> float:
    r"""Coefficient of determination, 1 for equal values and 0 for their mean.

    .. math:: R^2 = 1 - \frac{\sum_i |value_i - reference_i|^2}
        {\sum_i |reference_i - mean|^2}

    All rows are pooled, whatever their time; components too, each around its mean.

    Args:
        value: Values to judge, (N, k).
        reference: Values to judge by, (N, k).

    Raises:
        ValueError: The shapes differ.
        NoScaleError: The reference is constant.
    """
    return 1 - standardized_l2(value, reference) ** 2


def mean_squared_error(value: Array, reference: Array) -> float:
    """Mean over rows and components of the squared difference.

    Args:
        value: Values to judge, (N, k).
        reference: Values to judge by, (N, k).

    Raises:
        ValueError: The shapes differ.
    """
    _check_pair(value, reference)
    return float(np.mean(np.square(value.astype(np.float64) - reference)))


def torus_grid(n: int, d: int = 2) -> Array:
    r"""Cell centers of the unit torus with ``n`` cells per axis, (n**d, d).

    The last axis runs fastest. The mean over these points integrates trigonometric
    polynomials of degree below ``n`` exactly.

    Raises:
        ValueError: A number is not positive.
    """
    if n < 1 or d < 1:
        raise ValueError(f"torus_grid: n and d must be at least 1, got n={n}, d={d}.")
    axis = (np.arange(n) + 0.5) / n
    mesh = np.meshgrid(*[axis] * d, indexing="ij")
    return np.stack([coordinate.ravel() for coordinate in mesh], axis=1)


def ball_grid(n: int) -> Array:
    r"""Cell centers of the unit ball in space, of cubes with ``n`` per axis, (N, 3).

    Raises:
        ValueError: The number is not positive.
    """
    points = 2 * torus_grid(n, 3) - 1
    inside: Array = points[np.linalg.norm(points, axis=1) < 1]
    return inside


def ball_quadrature(n: int) -> tuple[Array, Array]:
    r"""Gauss's rule in the unit ball: points (2 n**3, 3) and weights of sum 1.

    Legendre's nodes in the radius (weight :math:`3 r^2`) and in :math:`\cos\theta`,
    ``2 n`` angles around the axis: exact for polynomials of degree below ``2 n - 2``.

    Raises:
        ValueError: The number is not positive.
    """
    if n < 1:
        raise ValueError(f"ball_quadrature: n must be at least 1, got {n}.")
    node, weight = np.polynomial.legendre.leggauss(n)
    angle = np.pi * np.arange(2 * n) / n
    r, c, a = np.meshgrid((node + 1) / 2, node, angle, indexing="ij")
    s = np.sqrt(1 - c**2)
    points = np.stack([r * s * np.cos(a), r * s * np.sin(a), r * c], axis=-1)
    weights = 3 * r**2 * np.einsum("i,j,k->ijk", weight, weight, np.ones(2 * n))
    return points.reshape(-1, 3), weights.ravel() / (8 * n)


def mass_drift(
    solution: Solution, points: Array, times: Times, weights: Array | None = None
) -> float:
    r"""Largest relative change of mass, :math:`\max_t |M(t) - M(0)| / |M(0)|`.

    Args:
        solution: The flow.
        points: Shape (N, d), uniform where there are no weights.
        times: Times to look at.
        weights: Weights of a quadrature with these points, (N,); by default :math:`M`
            is the mean.

    Raises:
        NoScaleError: The initial mass is zero.
    """

    def mass(time: float) -> float:
        rho = solution(points, time)["rho"].astype(np.float64)
        return float(np.average(rho[:, 0], weights=weights))

    initial = _nonzero(mass(0.0), "have zero mass at t = 0")
    return max(abs(mass(time) - initial) / abs(initial) for time in times)


def errors_over_time(
    solution: Solution,
    reference: Solution,
    points: Array,
    times: Times,
    fields: Sequence[str] = ("rho", "u"),
) -> Errors:
    """Errors of each field at each time: ``result[metric][field][time]``.

    The pressure ``p`` is defined up to a constant, so its mean is removed first. A time
    at which a metric has no scale, as for a fluid at rest, is left out.

    Args:
        solution: The flow to judge.
        reference: The flow to judge by.
        points: Uniform points (N, d).
        times: Times to compare at.
        fields: Which of ``rho``, ``u``, ``p``.
    """
    metrics = {"relative_l2": relative_l2, "standardized_l2": standardized_l2}
    errors: Errors = {name: {f: {} for f in fields} for name in metrics}
    for time in times:
        values, targets = solution(points, time), reference(points, time)
        for field in fields:
            value, target = values[field], targets[field]
            if field == "p":
                value, target = _deviation(value), _deviation(target)
            for name, metric in metrics.items():
                with suppress(NoScaleError):
                    errors[name][field][float(time)] = metric(value, target)
    return errors


def by_time_key(errors: Errors) -> dict[str, dict[str, dict[str, float]]]:
    """Return the same errors with the keys of ``metrics.json`` in place of times."""
    return {
        metric: {
            field: {time_key(t): error for t, error in series.items()}
            for field, series in fields.items()
        }
        for metric, fields in errors.items()
    }


def _deviation(values: Array, axis: int | None = None) -> Array:
    """Remove the mean; what is left of a constant is round-off, and becomes zero."""
    double = values.astype(np.float64)
    rest: Array = double - double.mean(axis=axis)
    eps = np.finfo(np.result_type(values, np.float32)).eps
    return rest if _norm(rest) > 4 * eps * _norm(double) else np.zeros_like(rest)


def _norm(value: Array) -> float:
    """Root of the sum of squares; numbers of points cancel in every quotient."""
    return float(np.linalg.norm(value.astype(np.float64)))


def _check_pair(value: Array, reference: Array) -> None:
    if value.shape != reference.shape:
        raise ValueError(
            "value and reference must have equal shapes (N, k), got "
            f"{value.shape} and {reference.shape}; reshape columns to (N, 1)."
        )
    if not reference.size:
        raise ValueError(
            "value and reference must have rows, got shapes "
            f"{reference.shape}. Select points before measuring."
        )


def _nonzero(scale: float, flaw: str) -> float:
    if scale == 0:
        raise NoScaleError(f"reference: must not {flaw}, relative errors need a scale.")
    return scale
