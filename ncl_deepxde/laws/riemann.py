r"""Exact solutions of Riemann problems: two states, a jump at x = 0 and t = 0.

The solution is a function of :math:`\xi = x/t`. Of one law with a convex or concave
flux it is a shock or a fan. Gases and shallow water have a wave to the left and one to
the right of a middle state; the value there solves

.. math:: \varphi(v; l) + \varphi(v; r) + u_r - u_l = 0 ,

with the velocity :math:`\varphi` that a wave takes away. Ideal gases have a contact in
the middle besides.

References:
    E. F. Toro, Riemann Solvers and Numerical Methods for Fluid Dynamics (Springer,
    2009), chapter 4.
    R. J. LeVeque, Finite Volume Methods for Hyperbolic Problems (Cambridge, 2002),
    chapters 11 and 13.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from ..arrays import Array

__all__ = [
    "RiemannSolution",
    "burgers_riemann",
    "euler_riemann",
    "isothermal_riemann",
    "lwr_riemann",
    "water_riemann",
]


@dataclass(frozen=True)
class RiemannSolution:
    r"""A self-similar solution.

    Attributes:
        profile: Maps :math:`\xi`, (N,), to the states (N, K).
        waves: Kind and first and last speed of each wave, from left to right.
        middle: States between the waves, (K,) each.
    """

    profile: Callable[[Array], Array]
    waves: tuple[tuple[str, float, float], ...]
    middle: tuple[Array, ...] = ()

    def __call__(self, x: Array, t: float) -> Array:
        """Return the states (N, K) at points x (N,) and a time t > 0."""
        return self.profile(np.asarray(x, dtype=float) / t)


def burgers_riemann(left: float, right: float) -> RiemannSolution:
    r"""Return the solution of :math:`u_t + (u^2/2)_x = 0`."""
    return _convex(
        left, right, lambda u: u * u / 2, slope=lambda u: u, inverse=lambda s: s
    )


def lwr_riemann(
    left: float, right: float, speed: float = 1.0, jam: float = 1.0
) -> RiemannSolution:
    """Return the solution of ``laws.lwr(speed, jam)``."""
    return _convex(
        left,
        right,
        lambda rho: speed * rho * (1 - rho / jam),
        slope=lambda rho: speed * (1 - 2 * rho / jam),
        inverse=lambda s: jam / 2 * (1 - s / speed),
    )


def water_riemann(
    left: Sequence[float], right: Sequence[float], gravity: float = 9.81
) -> RiemannSolution:
    """Return the solution of ``laws.shallow_water(gravity)`` from states (h, u).

    Raises:
        ValueError: A depth is not positive, or a dry place opens.
    """
    return _two_waves(_Water(gravity), left, right)


def isothermal_riemann(
    left: Sequence[float], right: Sequence[float], speed: float = 1.0
) -> RiemannSolution:
    """Return the solution of ``laws.isothermal(speed)`` from states (rho, u).

    Raises:
        ValueError: A density is not positive.
    """
    return _two_waves(_Isothermal(speed), left, right)


def euler_riemann(
    left: Sequence[float], right: Sequence[float], gamma: float = 1.4
) -> RiemannSolution:
    """Return the solution of ``laws.euler(gamma)`` from states (rho, u, p).

    Raises:
        ValueError: A density or pressure is not positive, or a vacuum opens.
    """
    return _two_waves(_Ideal(gamma), left, right)


def _convex(
    left: float,
    right: float,
    flux: Callable[[float], float],
    slope: Callable[[float], float],
    inverse: Callable[[Array], Array],
) -> RiemannSolution:
    """Return the shock or fan of one law whose flux bends one way."""
    a, b = slope(left), slope(right)
    if a < b:

        def fan(xi: Array) -> Array:
            found: Array = np.where(
                xi <= a, left, np.where(xi >= b, right, inverse(np.clip(xi, a, b)))
            )
            return found[:, None]

        return RiemannSolution(fan, (("fan", a, b),))
    s = a if left == right else (flux(right) - flux(left)) / (right - left)

    def shock(xi: Array) -> Array:
        found: Array = np.where(xi < s, left, right)
        return found[:, None]

    return RiemannSolution(shock, (("shock", s, s),))


class _Medium(ABC):
    """What one wave does; states are (density, velocity[, pressure]).

    The waves of the other side are those of the mirror image.
    """

    key: int
    """Column that is the same on both sides of the contact."""

    @abstractmethod
    def sound(self, w: Array) -> float:
        """Return the speed of sound in a state."""

    @abstractmethod
    def taken(self, v: float, w: Array) -> float:
        """Return the velocity that a wave from a state to the key v takes away."""

    @abstractmethod
    def behind(self, v: float, u: float, w: Array) -> Array:
        """Return the state behind a wave into w, of key v and velocity u."""

    @abstractmethod
    def fan(self, xi: Array, w: Array) -> Array:
        """Return the states (N, ...) of a fan to the left, before which w is."""

    @abstractmethod
    def conserved(self, w: Array) -> Array:
        """Return what is conserved, (N, K), of states (N, ...)."""


class _Water(_Medium):
    """Shallow water, states (h, u)."""

    key = 0

    def __init__(self, gravity: float) -> None:
        self.g = gravity

    def sound(self, w: Array) -> float:
        return float(np.sqrt(self.g * w[0]))

    def taken(self, v: float, w: Array) -> float:
        h = w[0]
        if v <= h:
            return 2 * float(np.sqrt(self.g * v) - np.sqrt(self.g * h))
        return float((v - h) * np.sqrt(self.g / 2 * (1 / v + 1 / h)))

    def behind(self, v: float, u: float, w: Array) -> Array:
        return np.array([v, u])

    def fan(self, xi: Array, w: Array) -> Array:
        # u + 2 c is constant, u - c = xi.
        c = (w[1] + 2 * self.sound(w) - xi) / 3
        return np.stack([c**2 / self.g, xi + c], axis=1)

    def conserved(self, w: Array) -> Array:
        return np.stack([w[:, 0], w[:, 0] * w[:, 1]], axis=1)


class _Isothermal(_Medium):
    """A gas of one temperature, states (rho, u)."""

    key = 0

    def __init__(self, speed: float) -> None:
        self.c = speed

    def sound(self, w: Array) -> float:
        return self.c

    def taken(self, v: float, w: Array) -> float:
        if v <= w[0]:
            return self.c * float(np.log(v / w[0]))
        return self.c * float((v - w[0]) / np.sqrt(v * w[0]))

    def behind(self, v: float, u: float, w: Array) -> Array:
        return np.array([v, u])

    def fan(self, xi: Array, w: Array) -> Array:
        # u + c log(rho) is constant, u - c = xi.
        u = xi + self.c
        return np.stack([w[0] * np.exp((w[1] - u) / self.c), u], axis=1)

    def conserved(self, w: Array) -> Array:
        return np.stack([w[:, 0], w[:, 0] * w[:, 1]], axis=1)


class _Ideal(_Medium):
    """An ideal gas, states (rho, u, p)."""

    key = 2

    def __init__(self, gamma: float) -> None:
        self.gamma = gamma

    def sound(self, w: Array) -> float:
        return float(np.sqrt(self.gamma * w[2] / w[0]))

    def taken(self, v: float, w: Array) -> float:
        g, (rho, _, p) = self.gamma, w
        if v <= p:
            return (
                2 / (g - 1) * self.sound(w) * float((v / p) ** ((g - 1) / (2 * g)) - 1)
            )
        A, B = 2 / ((g + 1) * rho), (g - 1) / (g + 1) * p
        return float((v - p) * np.sqrt(A / (v + B)))

    def behind(self, v: float, u: float, w: Array) -> Array:
        g, (rho, _, p) = self.gamma, w
        if v <= p:
            return np.array([rho * (v / p) ** (1 / g), u, v])
        k = (g - 1) / (g + 1)
        return np.array([rho * (v / p + k) / (k * v / p + 1), u, v])

    def fan(self, xi: Array, w: Array) -> Array:
        g, (rho, u, p) = self.gamma, w
        c = 2 / (g + 1) * (self.sound(w) + (g - 1) / 2 * (u - xi))
        ratio = np.maximum(c, 0) / self.sound(w)
        return np.stack(
            [rho * ratio ** (2 / (g - 1)), xi + c, p * ratio ** (2 * g / (g - 1))],
            axis=1,
        )

    def conserved(self, w: Array) -> Array:
        rho, u, p = w.T
        E = p / (self.gamma - 1) + rho * u**2 / 2
        return np.stack([rho, rho * u, E], axis=1)


def _two_waves(
    medium: _Medium, left: Sequence[float], right: Sequence[float]
) -> RiemannSolution:
    """Return the solution between two states of a medium.

    Raises:
        ValueError: A density or pressure is not positive, or nothing is left between.
    """
    a, b = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    num = 3 if medium.key == 2 else 2
    thick = [w[i] for w in (a, b) for i in (0, 2) if i < num <= len(w)]
    if a.shape != (num,) or b.shape != (num,) or not min(thick) > 0:
        raise ValueError(
            f"left, right: must be {num} numbers with positive densities and "
            f"pressures, got {left!r} and {right!r}."
        )
    k = medium.key

    def gap(v: float) -> float:
        return medium.taken(v, a) + medium.taken(v, b) + float(b[1] - a[1])

    low, high = 1e-14 * min(a[k], b[k]), 2 * max(a[k], b[k])
    if gap(low) > 0:
        raise ValueError(
            f"left, right: must not part so fast that nothing is left between, got "
            f"velocities {a[1]:g} and {b[1]:g}."
        )
    while gap(high) < 0:
        high *= 2
    v = float(brentq(gap, low, high, xtol=1e-15 * high, rtol=1e-14))
    u = float(a[1] - medium.taken(v, a))
    mirror = np.ones(num)
    mirror[1] = -1
    behind = medium.behind(v, u, a), mirror * medium.behind(v, -u, mirror * b)
    first = _wave(medium, a, behind[0])
    image = _wave(medium, mirror * b, mirror * behind[1])
    last = image[0], -image[2], -image[1]
    has_contact = medium.key != 0
    waves = (first, ("contact", u, u), last) if has_contact else (first, last)

    def profile(xi: Array) -> Array:
        xi = np.asarray(xi, dtype=float)
        w = _side(medium, xi, a, behind[0], first)
        other = mirror * _side(medium, -xi, mirror * b, mirror * behind[1], image)
        return medium.conserved(np.where((xi < u)[:, None], w, other))

    inner = behind if has_contact else behind[:1]
    return RiemannSolution(
        profile, waves, tuple(medium.conserved(w[None])[0] for w in inner)
    )


def _wave(medium: _Medium, w: Array, b: Array) -> tuple[str, float, float]:
    """Return kind and first and last speed of the wave from w to b on its right."""
    if b[medium.key] > w[medium.key]:
        # Mass that enters is mass that leaves.
        s = float((b[0] * b[1] - w[0] * w[1]) / (b[0] - w[0]))
        return "shock", s, s
    return "fan", float(w[1] - medium.sound(w)), float(b[1] - medium.sound(b))


def _side(
    medium: _Medium, xi: Array, w: Array, b: Array, wave: tuple[str, float, float]
) -> Array:
    """Return the states (N, ...) of a wave to the left, from w to b."""
    _, first, last = wave
    inside = medium.fan(np.clip(xi, first, last), w)
    after = np.where((xi > last)[:, None], b, inside)
    found: Array = np.where((xi < first)[:, None], w, after)
    return found
