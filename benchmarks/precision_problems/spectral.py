r"""Solutions of periodic equations :math:`u_t + f(u)_x = L u`, nearly to round-off.

Fourier series in space. In time an explicit Runge-Kutta scheme of order eight (Dormand
and Prince), for the factors :math:`e^{-L t} \hat u`, which L does not make stiff.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from ncl_deepxde.arrays import Array


def evolve(
    initial: Array,
    period: float,
    flux: Callable[[Array], Array],
    symbol: Callable[[Array], Any],
    times: int,
    end: float,
    steps: int,
) -> Array:
    """Return the values on the lattice at equal intervals of time, (times, N).

    Args:
        initial: The state at t = 0 on N points of a period, an even number.
        period: Length of the period.
        flux: f, by points.
        symbol: Factor of L for every wave number k, 2 pi j / period.
        times: Number of times, 0 and ``end`` among them.
        end: The last time.
        steps: Steps between two of these times.
    """
    N, interval = len(initial), end / (times - 1)
    k = 2 * np.pi / period * np.arange(N // 2 + 1)
    L = symbol(k)
    # Of a product of two of the modes that are kept, none falls on another of them.
    advection = np.where(np.arange(len(k)) <= N // 3, -1j * k, 0)

    def slope(t: float, v: Any) -> Any:
        u = np.fft.irfft(np.exp(L * t) * v, N)
        return np.exp(-L * t) * advection * np.fft.rfft(flux(u))

    # As coarse tolerances as these leave all steps at the largest one.
    step = interval / steps * (1 + 1e-12)
    fixed = {"first_step": step / (1 + 1e-11), "max_step": step, "rtol": 1.0}
    v = np.fft.rfft(initial)
    found = [initial]
    for _ in range(times - 1):
        solved = solve_ivp(
            slope, (0.0, interval), v, method="DOP853", atol=np.inf, **fixed
        )
        v = np.exp(L * interval) * solved.y[:, -1]
        found.append(np.fft.irfft(v, N))
    return np.stack(found)


def resample(values: Array, num: int) -> Array:
    """Return values (..., N) of a period on fewer or more points, (..., num)."""
    N = values.shape[-1]
    return np.fft.irfft(np.fft.rfft(values), num) * (num / N)
