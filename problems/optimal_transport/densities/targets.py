r"""The densities of optimal transport, by name.

Each is a mixture of Gaussians of equal weight and, but for ``modes1d``, equal width,
around a fixed set of points; on the plane they lie within about :math:`[-2, 2]^2`.

References:
    The released code of J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural
    Conservation Laws (NeurIPS 2022), https://arxiv.org/abs/2210.01741, whose random
    points these are; F. Arend Torres et al., Lagrangian Flow Networks for Conservation
    Laws (ICLR 2024), https://arxiv.org/abs/2305.16846, uses them too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from ncl_deepxde.evaluation.metrics import Array

from .mixture import DensityPair, GaussianMixture

__all__ = ["PAIRS", "TARGETS", "checked_pair", "pair", "target"]

PAIRS = (
    "circles-pinwheel",
    "8gaussians-circles",
    "pinwheel-8gaussians",
    "moons-swissroll",
)
"""The pairs of both papers."""

# In units of the larger standard deviation; the pairs of the papers have 0.23 at most.
FAR = 50.0


def pair(name: str) -> DensityPair:
    """Return start and end of a name such as ``"pinwheel-8gaussians"``.

    Raises:
        ValueError: These are not two names of targets of the same dimension.
    """
    names = name.split("-")
    if len(names) != 2:
        raise ValueError(
            f"pair: must be two names of targets with a hyphen, got {name!r}. Use for "
            f"example {PAIRS[0]!r}."
        )
    return checked_pair(*map(target, names))


def target(name: str) -> GaussianMixture:
    """Return the density of a name.

    Raises:
        ValueError: There is none of this name.
    """
    if name not in TARGETS:
        raise ValueError(f"target: must be one of {', '.join(TARGETS)}, got {name!r}.")
    return TARGETS[name]()


def checked_pair(rho_0: GaussianMixture, rho_1: GaussianMixture) -> DensityPair:
    """Return both densities if mass can be moved between them.

    Args:
        rho_0: Density at the start.
        rho_1: Density at the end.

    Raises:
        ValueError: They differ in their dimension, or are so far from each other that
            no scale fits both.
    """
    if rho_0.dim != rho_1.dim:
        raise ValueError(
            "rho_0 and rho_1: must have the same number of dimensions, got "
            f"{rho_0.dim} and {rho_1.dim}. Choose two of the plane or two of a line."
        )
    distance = float((rho_0.mean() - rho_1.mean()).norm())
    spread = max(math.sqrt(float(rho.covariance().trace())) for rho in (rho_0, rho_1))
    if distance > FAR * spread:
        raise ValueError(
            f"rho_0 and rho_1: are disjoint, {distance:.3g} apart where the wider one "
            f"spreads by {spread:.3g}. Check their units; if they are right, subtract "
            "both means first: a shift by v adds |v|^2 to the squared distance."
        )
    return rho_0, rho_1


def circle(n: int, turn: float = 2 * math.pi, *, closed: bool = False) -> Array:
    """Place n points on the unit circle at equidistant angles, (n, 2).

    Args:
        n: Number of points.
        turn: Last angle.
        closed: Whether there is a point at the last angle.
    """
    angle = np.linspace(0, turn, n, endpoint=closed)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _circles() -> GaussianMixture:
    """Two concentric circles, of radius 1.5 and 0.75."""
    outer = 1.5 * circle(500)
    return GaussianMixture(np.concatenate([outer, outer / 2]), 0.16)


def _eight_gaussians() -> GaussianMixture:
    """Eight clearly separated Gaussians on a circle."""
    return GaussianMixture(4 / 2.828 * circle(8), 0.5 / 2.828)


def _pinwheel(arms: int = 5, number: int = 1000) -> GaussianMixture:
    """Five arms, elongated Gaussians that are bent by a turn by exp(radius) / 4."""
    random = np.random.RandomState(0)
    along, across = (random.randn(arms * number, 2) * [0.3, 0.1]).T
    along = 1 + along
    arm = 2 * np.pi * np.repeat(np.arange(arms), number) / arms
    angle = arm + 0.25 * np.exp(along)
    x = along * np.cos(angle) + across * np.sin(angle)
    y = across * np.cos(angle) - along * np.sin(angle)
    return GaussianMixture(np.stack([x, y], axis=1), 0.1)


def _moons(number: int = 2500) -> GaussianMixture:
    """Two half circles that reach into each other."""
    upper = circle(number, np.pi, closed=True)
    lower = [1.0, 0.5] - upper
    return GaussianMixture(np.concatenate([upper, lower]) - [0.5, 0.1], 0.1)


def _swissroll(number: int = 5000) -> GaussianMixture:
    """One and a half turns of a spiral."""
    random = np.random.RandomState(0)
    t = 1.5 * np.pi * (1 + 2 * random.uniform(size=number))
    return GaussianMixture(np.stack([t * np.cos(t), t * np.sin(t)], axis=1) / 10, 0.1)


def _spirals(number: int = 2500) -> GaussianMixture:
    """Two spirals of one and a half turns, blurred to one side."""
    random = np.random.RandomState(0)
    t = 3 * np.pi * np.sqrt(random.rand(number))
    x = -t * np.cos(t) + random.rand(number) / 2
    y = t * np.sin(t) + random.rand(number) / 2
    spiral = np.stack([x, y], axis=1) / 6
    return GaussianMixture(np.concatenate([spiral, -spiral]), 0.1)


TARGETS: Mapping[str, Callable[[], GaussianMixture]] = {
    "circles": _circles,
    "8gaussians": _eight_gaussians,
    "pinwheel": _pinwheel,
    "moons": _moons,
    "swissroll": _swissroll,
    "2spirals": _spirals,
    "gaussian": lambda: GaussianMixture([[0.0, 0.0]], 1.0),
    "gaussian1d": lambda: GaussianMixture([[0.0]], 1.0),
    "narrow1d": lambda: GaussianMixture([[3.0]], 0.4),
    "modes1d": lambda: GaussianMixture([[-1.5], [0.0], [1.5]], [0.2, 0.3, 0.4]),
}
"""Densities by name, those on a line with ``1d`` at the end."""
