r"""Optimal transport between samples: exact, regularized, and for many of them.

All of them estimate :math:`W_2^2`, the squared distance, between two samples of n
points with equal weights, (n, d), with the solvers of POT.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from ncl_deepxde.evaluation.metrics import Array

from ..densities import GaussianMixture

__all__ = [
    "ESTIMATORS",
    "exact",
    "exact_and_controlled",
    "minibatch",
    "sinkhorn",
    "sliced",
]

# The simplex method takes some 10 n to 100 n steps.
MOST_STEPS = 10_000_000


def exact(x_0: Array, x_1: Array) -> float:
    r"""Return the cost of the best assignment.

    .. math:: \min_\pi \frac1n \sum_i |x_{0,i} - x_{1,\pi(i)}|^2

    It takes 40 bytes for each of :math:`n^2` pairs: 4 GB for 10 000 points.

    Args:
        x_0: Points at the start, (n, d).
        x_1: Points at the end, (n, d).

    Raises:
        ValueError: The shapes are wrong.
        RuntimeError: The solver did not come to an end.
    """
    _check(x_0, x_1)
    return _solve(x_0, x_1)[0]


def exact_and_controlled(
    samples: Sequence[Array], densities: Sequence[GaussianMixture]
) -> tuple[float, float]:
    r"""Return the exact cost, and the same without most of the luck of the draw.

    To first order the cost deviates from that of the densities by :math:`\sum_k
    (\operatorname{mean} u_k(x_k) - \mathbb E_{\rho_k} u_k)` with the potentials
    :math:`u_k` of the dual problem. The second value is without this sum for the
    nearest polynomials of degree two, whose expectations are known: its standard
    deviation is 2 to 7 times smaller.

    Args:
        samples: Points of both ends, (n, d) each.
        densities: Densities they were drawn from.

    Raises:
        ValueError: The shapes are wrong.
        RuntimeError: The solver did not come to an end.
    """
    _check(*samples)
    cost, *potentials = _solve(*samples)
    luck = 0.0
    for x, u, rho in zip(samples, potentials, densities, strict=True):
        mean, covariance = rho.mean().numpy(), rho.covariance().numpy()
        y = x - mean
        i, j = np.triu_indices(x.shape[1])
        features = np.hstack([y, y[:, i] * y[:, j] - covariance[i, j]])
        average = features.mean(axis=0)
        slopes = np.linalg.lstsq(features - average, u - u.mean())[0]
        luck += float(slopes @ average)
    return cost, cost - luck


def sinkhorn(x_0: Array, x_1: Array, *, regularization: float = 0.02) -> float:
    r"""Return the cost of the plan that is optimal with an entropy, without its bias.

    .. math:: C(x_0, x_1) - \tfrac12 C(x_0, x_0) - \tfrac12 C(x_1, x_1)

    with the cost C of such a plan: the entropy blurs all three alike.

    Args:
        x_0: Points at the start, (n, d).
        x_1: Points at the end, (n, d).
        regularization: Factor of the entropy, in units of the mean cost.

    Raises:
        ValueError: The shapes are wrong, or the factor is not positive.
        RuntimeError: The iteration did not converge.
    """
    _check(x_0, x_1)
    if not regularization > 0:
        raise ValueError(
            f"regularization: must be positive, got {regularization}. Use exact for "
            "none."
        )
    factor = regularization * _pot().dist(x_0, x_1).mean()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            cost, *of_one = (
                _blurred(a, b, factor) for a, b in ((x_0, x_1), (x_0, x_0), (x_1, x_1))
            )
        except Warning as warning:
            raise RuntimeError(
                f"sinkhorn: {warning} Use a larger regularization than "
                f"{regularization}."
            ) from warning
    return cost - sum(of_one) / 2


def sliced(x_0: Array, x_1: Array, *, directions: int = 500, seed: int = 0) -> float:
    r"""Return d times the mean cost between projections to random lines.

    It is a lower bound of the exact cost, up to the noise of the directions, since
    :math:`|\theta\cdot(x_0 - x_1)|^2` is :math:`|x_0 - x_1|^2/d` in the mean. It takes
    :math:`n \log n` operations.

    Args:
        x_0: Points at the start, (n, d).
        x_1: Points at the end, (n, d).
        directions: Number of lines.
        seed: Seed of their directions.

    Raises:
        ValueError: The shapes are wrong.
    """
    _check(x_0, x_1)
    d = x_0.shape[1]
    theta = np.random.default_rng(seed).normal(size=(d, directions))
    theta /= np.linalg.norm(theta, axis=0)
    gaps = np.sort(x_0 @ theta, axis=0) - np.sort(x_1 @ theta, axis=0)
    return float(d * np.square(gaps).mean())


def minibatch(x_0: Array, x_1: Array, *, batch: int = 1000) -> float:
    """Return the mean of the exact costs of parts of the samples.

    It is an upper bound of the exact cost: the plans of the parts are one plan of all.

    Args:
        x_0: Points at the start, (n, d), in random order.
        x_1: Points at the end, (n, d), in random order.
        batch: Points of a part.

    Raises:
        ValueError: The shapes are wrong, or a batch has no points.
        RuntimeError: The solver did not come to an end.
    """
    _check(x_0, x_1)
    if batch < 1:
        raise ValueError(
            f"batch: must be at least 1, got {batch}. Use some hundreds of points."
        )
    parts = range(0, len(x_0), batch)
    pairs = [(x_0[i : i + batch], x_1[i : i + batch]) for i in parts]
    costs = [_solve(*part)[0] for part in pairs]
    return float(np.average(costs, weights=[len(part) for part, _ in pairs]))


ESTIMATORS: Mapping[str, Callable[[Array, Array], float]] = {
    "exact": exact,
    "sinkhorn": sinkhorn,
    "sliced": sliced,
    "minibatch": minibatch,
}


def _solve(x_0: Array, x_1: Array) -> tuple[float, Array, Array]:
    """Return the cost of the best assignment, and both potentials, (n,) each."""
    costs = _pot().dist(x_0, x_1)
    cost, log = _pot().emd2([], [], costs, numItermax=MOST_STEPS, log=True)
    if log["warning"]:
        raise RuntimeError(
            f"exact: the transport between {len(x_0)} points is not optimal "
            f"({log['warning']}). Use fewer points."
        )
    return float(cost), log["u"], log["v"]


def _blurred(x_0: Array, x_1: Array, factor: float) -> float:
    """Return the cost of the plan that is optimal with a factor times the entropy."""
    costs = _pot().dist(x_0, x_1)
    options = {"numItermax": 100_000, "stopThr": 1e-5, "warn": True}
    return float(_pot().sinkhorn2([], [], costs, factor, **options))


@cache
def _pot() -> Any:
    """Load the package, which takes seconds, at its first use."""
    with warnings.catch_warnings():
        # Python 3.12 warns of escapes in its docstrings when it compiles them.
        warnings.simplefilter("ignore", SyntaxWarning)
        import ot
    return ot


def _check(x_0: Array, x_1: Array) -> None:
    if x_0.ndim != 2 or x_0.shape != x_1.shape or not x_0.size:
        raise ValueError(
            "x_0 and x_1: must have the same shape (n, d) with at least one point, got "
            f"{x_0.shape} and {x_1.shape}. Draw as many of one as of the other."
        )
    if not (np.isfinite(x_0).all() and np.isfinite(x_1).all()):
        bad = int(sum((~np.isfinite(x)).any(axis=1).sum() for x in (x_0, x_1)))
        raise ValueError(
            f"x_0 and x_1: must be finite, got {bad} points that are not. Leave them "
            "out."
        )
