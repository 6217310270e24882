r"""Riemann problems and a shock that forms, with exact solutions, for ``shocks.py``.

Each case is a law, a smooth start, and a period or ends that no wave reaches. A jump is
smoothed as :math:`\tanh((x - x_0)/\varepsilon)`, which moves no mass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import deepxde as dde
import numpy as np
import torch
from scipy.optimize import brentq
from torch import Tensor

from ncl_deepxde import laws, nn
from ncl_deepxde.laws import LawFields
from ncl_deepxde.laws.riemann import (
    burgers_riemann,
    euler_riemann,
    lwr_riemann,
    water_riemann,
)

__all__ = ["CASES", "ShockCase", "smooth_jumps"]

EPSILON = 0.002
"""Width of a smoothed jump in parts of the domain."""


@dataclass(frozen=True)
class ShockCase:
    """A problem with shocks.

    Attributes:
        law: The law.
        low: Left end.
        high: Right end.
        end: Last time.
        start: States at the first time, (N, 1) -> (N, K), smoothed.
        exact: States at points (N,) and a time, (N, K).
        period: Period, ``None`` where there are ends.
        ends: Flux of each law at both ends, which no wave reaches, (K, 2).
        speed: Largest speed of a wave of states (N, K), (N,).
        shock: Place of a shock at the end, and the value of the first state there.
        flat: An interval in which the first state is constant at the end.
        centers: Places of jumps at the start, from which waves run.
        summed: Integrals of what the start deviates from its means by, from the left
            end, (N, 1) -> (N, K), with which it fades.
        viscosities: Viscosities of the stages, in units of length and speed.
        follows: Viscosity from which on half of the points are where the state is
            steep. Networks that see jumps from their centers do better without.
        sizes: Sizes of the states.
        length: Length of the network's units.
        velocity: Speed of the network's units.
    """

    law: laws.LawSystem
    low: float
    high: float
    end: float
    start: Callable[[Tensor], Tensor]
    exact: Callable[[np.ndarray, float], np.ndarray]
    speed: Callable[[Tensor], Tensor]
    shock: tuple[float, float]
    period: float | None = None
    ends: Sequence[Sequence[float]] = ()
    sizes: tuple[float, ...] = (1.0,)
    length: float = 1.0
    velocity: float = 1.0
    flat: tuple[float, float] | None = None
    centers: tuple[float, ...] = ()
    summed: Callable[[Tensor], Tensor] | None = None
    viscosities: Sequence[float] = (0.05, 0.02, 0.008, 0.003, 0.0012, 0.0005, 0.0002)
    follows: float = 0.0

    def points(self, n: int = 2000) -> np.ndarray:
        """Return the middles of n equal cells."""
        return self.low + (self.high - self.low) * (np.arange(n) + 0.5) / n

    def fluxes(self) -> dict[str, Any]:
        """Return what a network is given to know the fluxes at both ends."""
        if not self.ends:
            return {}

        def steady(value: float) -> Callable[[Tensor], Tensor]:
            return lambda t: 0 * t + value

        known = [
            nn.KnownFlux.of_ends(self.low, self.high, [steady(F) for F in pair])
            for pair in self.ends
        ]
        wall = nn.Wall.of(dde.geometry.Interval(self.low, self.high))
        return {"wall": wall, "lifting": known}


def smooth_jumps(
    states: Sequence[Sequence[float]], places: Sequence[float], width: float
) -> Callable[[Tensor], Tensor]:
    """Return states (N, K) that change from one to the next at some places."""

    def start(x: Tensor) -> Tensor:
        total = x.new_tensor(states[0]).expand(len(x), -1)
        for place, (before, after) in zip(places, pairwise(states), strict=True):
            step = (1 + torch.tanh((x - place) / width)) / 2
            total = total + step * (x.new_tensor(after) - x.new_tensor(before))
        return total

    return start


def summed_jumps(
    states: Sequence[Sequence[float]],
    places: Sequence[float],
    width: float,
    low: float,
    high: float,
) -> Callable[[Tensor], Tensor]:
    r"""Return the integral of ``smooth_jumps`` less its mean, from the left end.

    A step :math:`(1 + \tanh y)/2`, :math:`y = (x - x_0)/\varepsilon`, is the slope of
    :math:`(x + \varepsilon\log\cosh y)/2`.
    """

    def raised(x: Tensor) -> Tensor:
        total = 0 * x
        for place, (before, after) in zip(places, pairwise(states), strict=True):
            y = (x - place).abs() / width
            log_cosh = y + torch.log1p(torch.exp(-2 * y))
            rise = x.new_tensor(after) - x.new_tensor(before)
            total = total + (x - place + width * log_cosh) / 2 * rise
        return total

    def summed(x: Tensor) -> Tensor:
        first, last = (raised(torch.full_like(x, end)) for end in (low, high))
        return raised(x) - first - (x - low) / (high - low) * (last - first)

    return summed


def _breaking() -> ShockCase:
    """u0 = 1/2 - sin(pi x): a shock forms at t = 1 / pi and moves at the speed 1/2."""

    def exact(x: np.ndarray, t: float) -> np.ndarray:
        # In the frame of the shock u = -sin(pi y0) with y = y0 - sin(pi y0) t.
        y = (x - 0.5 * t + 1) % 2 - 1
        first = math.acos(min(1.0, 1 / (math.pi * t))) / math.pi if t > 0 else 0.0
        found = []
        for place in np.abs(y):

            def gap(z: float, place: float = place) -> float:
                return z - math.sin(math.pi * z) * t - place

            y0 = brentq(gap, first, 1.0, xtol=1e-14) if gap(first) < 0 else first
            found.append(math.sin(math.pi * y0))
        return (0.5 - np.sign(y) * np.array(found))[:, None]

    return ShockCase(
        laws.burgers(),
        *(-1.0, 1.0, 1.0),
        lambda x: 0.5 - torch.sin(math.pi * x),
        exact,
        lambda q: q[:, 0].abs(),
        (0.5, 0.5),
        period=2.0,
        viscosities=(
            *(0.05, 0.02, 0.008, 0.003, 0.0012),
            *(0.0007, 0.0004, 0.00022, 0.00013),
        ),
        follows=8e-4,
    )


def _of_jumps(
    law: laws.LawSystem,
    states: Sequence[Sequence[float]],
    solutions: Sequence[Any],
    places: Sequence[float],
    domain: tuple[float, float, float],
    conserved: Callable[[Sequence[float]], list[float]],
    **options: Any,
) -> ShockCase:
    """Return a case of jumps whose waves do not meet."""
    low, high, end = domain

    def exact(x: np.ndarray, t: float) -> np.ndarray:
        # Between two jumps, halfway from the last wave of one to the first of the next.
        neighbors = pairwise(zip(solutions, places, strict=True))
        middles = [
            (p + q + t * (a.waves[-1][2] + b.waves[0][1])) / 2
            for (a, p), (b, q) in neighbors
        ]
        which = np.searchsorted(middles, x)
        parts = [s(x - p, t) for s, p in zip(solutions, places, strict=True)]
        return np.stack(parts)[which, np.arange(len(x))]

    # Multiplied by a density, errors where it is small would count little.
    law = replace(law, factor=None)
    width, kept = EPSILON * (high - low), [conserved(s) for s in states]
    q = torch.tensor([kept[0], kept[-1]])
    fields = LawFields(q[:, :1], q[:, :1], q, lambda: q[:, :, None])
    return ShockCase(
        law,
        *(low, high, end),
        smooth_jumps(kept, places, width),
        exact,
        ends=[F[:, 0].tolist() for F in law.flux(fields)],
        centers=tuple(places),
        summed=summed_jumps(kept, places, width, low, high),
        **options,
    )


def _fan() -> ShockCase:
    """From -1 to 1 at x = 0, a fan through the sonic point; without it a shock."""
    return _of_jumps(
        laws.burgers(),
        [[-1.0], [1.0]],
        [burgers_riemann(-1, 1)],
        (0.0,),
        (-1.0, 1.0, 0.5),
        list,
        speed=lambda q: q[:, 0].abs(),
        shock=(0.0, 0.0),
    )


def _traffic() -> ShockCase:
    """A platoon on a road: cars run off in front, in a fan, and queue behind."""
    light, dense = 0.1, 0.8
    tail, head = -0.4, 0.1
    return _of_jumps(
        laws.lwr(),
        [[light], [dense], [light]],
        [lwr_riemann(light, dense), lwr_riemann(dense, light)],
        (tail, head),
        (-1.0, 1.0, 0.6),
        list,
        speed=lambda q: (1 - 2 * q[:, 0]).abs(),
        shock=(tail + 0.6 * (1 - light - dense), (light + dense) / 2),
        sizes=(0.5,),
    )


def _dam() -> ShockCase:
    g = 9.81e-3
    solution = water_riemann((5.0, 0.0), (1.0, 0.0), g)
    place = 5 + 6 * solution.waves[1][1]

    def speed(q: Tensor) -> Tensor:
        return (q[:, 1] / q[:, 0]).abs() + (g * q[:, 0]).sqrt()

    return _of_jumps(
        laws.shallow_water(g),
        [(5.0, 0.0), (1.0, 0.0)],
        [solution],
        (5.0,),
        (0.0, 10.0, 6.0),
        lambda w: [w[0], w[0] * w[1]],
        speed=speed,
        shock=(place, (solution.middle[0][0] + 1) / 2),
        sizes=(2.0, 0.4),
        length=5.0,
        velocity=0.2,
        flat=(5.1, 6.0),
    )


def _sod() -> ShockCase:
    solution = euler_riemann((1.0, 0.0, 1.0), (0.125, 0.0, 0.1))
    place = 0.5 + 0.2 * solution.waves[2][1]

    def speed(q: Tensor) -> Tensor:
        p = laws.gas_pressure(q, 1.4)[:, 0]
        return (q[:, 1] / q[:, 0]).abs() + (1.4 * p / q[:, 0]).sqrt()

    return _of_jumps(
        laws.euler(),
        [(1.0, 0.0, 1.0), (0.125, 0.0, 0.1)],
        [solution],
        (0.5,),
        (0.0, 1.0, 0.2),
        lambda w: [w[0], w[0] * w[1], w[2] / 0.4 + w[0] * w[1] ** 2 / 2],
        speed=speed,
        shock=(place, (0.26557 + 0.125) / 2),
        sizes=(0.5, 0.4, 1.2),
        length=0.5,
        velocity=2.0,
        flat=(0.725, 0.82),
    )


CASES: dict[str, Callable[[], ShockCase]] = {
    "burgers": _breaking,
    "transonic": _fan,
    "traffic": _traffic,
    "dam": _dam,
    "sod": _sod,
}
