r"""A second, independent reference: Fourier pseudo-spectral, numpy only.

Variable-density incompressible Euler on the periodic unit square in primitive form,

.. math::
    \partial_t \rho = -u \cdot \nabla \rho, \qquad
    \partial_t u = -(u \cdot \nabla) u - \nabla p / \rho, \qquad
    \nabla \cdot (\nabla p / \rho) = -\nabla \cdot ((u \cdot \nabla) u),

by RK4 in time and, for the pressure, conjugate gradients preconditioned with the
inverse Laplacian (condition number max rho / min rho on every grid). The exponential
filter exp(-36 (k / k_max)^36) after each step removes aliasing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ._arrays import Array, SpaceFunction
from ._setup import check, saved_times
from .solution import TorusSolution

__all__ = ["SpectralSolution", "solve"]

Modes = NDArray[np.complex128]

FILTER_STRENGTH, FILTER_ORDER = 36.0, 36
"""exp(-36) is the round-off of doubles; order 36 leaves 2/3 of the modes as is."""


class _FourierGrid:
    """N x N points, axis 0 is x, with spectral derivatives; fields are (..., N, N)."""

    def __init__(self, n: int) -> None:
        self.n = n
        k = np.fft.fftfreq(n, 1 / n)[:, None], np.fft.rfftfreq(n, 1 / n)[None, :]
        # the Nyquist mode of a real field has no derivative
        self.ik = np.stack(
            [np.where(2 * abs(q) < n, 2j * np.pi * q, 0) + 0 * sum(k) for q in k]
        )
        self.laplacian = -np.sum(np.abs(self.ik) ** 2, axis=0)
        inverse = np.zeros_like(self.laplacian)
        np.divide(1, self.laplacian, out=inverse, where=self.laplacian != 0)
        self.inverse_laplacian = inverse
        ratio = np.maximum(*(2 * abs(q) / n + 0 * sum(k) for q in k))
        self.filter = np.exp(-FILTER_STRENGTH * ratio**FILTER_ORDER)

    def points(self) -> Array:
        """Return the coordinates (2, N * N)."""
        axis = np.arange(self.n) / self.n
        return np.stack(np.meshgrid(axis, axis, indexing="ij")).reshape(2, -1)

    def physical(self, modes: Modes) -> Array:
        """Return grid values (..., N, N) of Fourier modes."""
        return np.asarray(np.fft.irfft2(modes, s=(self.n, self.n)))

    def gradient(self, field: Array) -> Array:
        """Return (2, ...) derivatives of a field (..., N, N)."""
        modes = np.fft.rfft2(field)
        ik = self.ik.reshape(2, *(1,) * (field.ndim - 2), *self.laplacian.shape)
        return self.physical(ik * modes)

    def divergence_modes(self, vector: Array) -> Modes:
        """Return the Fourier modes of the divergence of a vector (2, N, N)."""
        return np.asarray((self.ik * np.fft.rfft2(vector)).sum(axis=0))

    def pressure(self, rho: Array, acceleration: Array, guess: Array) -> Array:
        r"""Solve div(grad p / rho) = div(acceleration) from a guess, to 1e-10."""

        def operator(p: Array) -> Array:
            return self.physical(-self.divergence_modes(self.gradient(p) / rho))

        b = self.physical(-self.divergence_modes(acceleration))
        p, r = guess.copy(), b - operator(guess)
        tolerance = 1e-10 * np.linalg.norm(b) + 1e-14 * self.n
        direction, old = np.zeros_like(p), 1.0
        for _ in range(200):
            if np.linalg.norm(r) <= tolerance:
                return p
            z = self.physical(-self.inverse_laplacian * np.fft.rfft2(r))
            new = float(np.vdot(r, z))
            direction = z + (new / old) * direction
            image = operator(direction)
            step = new / float(np.vdot(direction, image))
            p, r, old = p + step * direction, r - step * image, new
        raise RuntimeError(
            "the spectral pressure solve did not converge in 200 iterations (density "
            f"between {rho.min():.3g} and {rho.max():.3g}); use a larger n"
        )


@dataclass
class SpectralSolution(TorusSolution):
    """Grid values at saved times, evaluated by trigonometric interpolation.

    Attributes:
        times: Saved times (T,).
        fields: rho, u_1, u_2, p at the saved times (T, 4, N, N), axis -2 is x.
    """

    times: Array
    fields: Array

    def _snapshot(self, index: int, points: Array) -> Array:
        n = self.fields.shape[-1]
        modes = np.fft.fft2(self.fields[index]) / n**2
        k = np.fft.fftfreq(n, 1 / n)
        values = np.empty((4, len(points)))
        for rows in np.array_split(np.arange(len(points)), len(points) // 4096 + 1):
            ex, ey = (np.exp(2j * np.pi * np.outer(points[rows, a], k)) for a in (0, 1))
            for c in range(4):
                values[c, rows] = np.einsum("pk,pk->p", ex @ modes[c], ey).real
        return values

    @property
    def mass(self) -> Array:
        """Integral of rho at the saved times (T,)."""
        return np.asarray(self.fields[:, 0].mean(axis=(1, 2)))

    @property
    def energy(self) -> Array:
        r"""Integral of :math:`\rho |u|^2 / 2` at the saved times (T,)."""
        rho, u = self.fields[:, 0], self.fields[:, 1:3]
        return np.asarray(0.5 * (rho * (u**2).sum(axis=1)).mean(axis=(1, 2)))


def solve(
    rho0: SpaceFunction,
    u0: SpaceFunction,
    *,
    n: int,
    t_end: float,
    save_times: Sequence[float] | int = 2,
    courant: float = 0.6,
    progress: bool = True,
) -> SpectralSolution:
    r"""Solve the Euler equations by the pseudo-spectral method.

    Args:
        rho0: Initial density, (2, N) -> (N,), positive.
        u0: Initial velocity, (2, N) -> (2, N), divergence-free.
        n: Points per axis, even.
        t_end: Final time.
        save_times: Increasing times in [0, t_end], or a number of equally spaced ones.
        courant: Largest dt * (\|u_1\| + \|u_2\|) * n; RK4 is stable up to 0.9.
        progress: Whether to show a progress bar.

    Returns:
        The solution at the save times.

    Raises:
        ValueError: If an argument is out of range.
        RuntimeError: If a pressure solve does not converge.
    """
    is_even = isinstance(n, int) and n >= 2 and n % 2 == 0
    check(
        ("n", n, is_even, "an even integer of at least 2"),
        ("t_end", t_end, 0 < t_end < np.inf, "positive and finite"),
        ("courant", courant, 0 < courant <= 0.9, "in (0, 0.9]"),
    )
    times = saved_times(save_times, t_end)
    grid = _FourierGrid(n)
    x = grid.points()
    state = np.stack([np.asarray(rho0(x)), *np.asarray(u0(x))]).reshape(3, n, n)
    p, t, saved = np.zeros((n, n)), 0.0, []
    with tqdm(total=t_end, desc=f"spectral n={n}", disable=not progress) as bar:
        for target in times:
            speed = np.abs(state[1:]).sum(axis=0).max()
            num_steps = max(1, int(np.ceil((target - t) * speed * n / courant)))
            for _ in range(num_steps if target > t else 0):
                state, p = _rk4(grid, state, p, (target - t) / num_steps)
                # rounding must not lead beyond the end
                bar.update(min((target - t) / num_steps, t_end - bar.n))
            t = float(target)
            saved.append(np.stack([*state, _rates(grid, state, p)[1]]))
    return SpectralSolution(times, np.stack(saved))


def _rates(grid: _FourierGrid, state: Array, p: Array) -> tuple[Array, Array]:
    """Return d/dt of (rho, u) (3, N, N), and the pressure with zero mean."""
    rho, u = state[0], state[1:]
    advection = np.einsum("axy,acxy->cxy", u, grid.gradient(state))
    p = grid.pressure(rho, -advection[1:], p)
    rate = -advection
    rate[1:] -= grid.gradient(p) / rho
    return rate, p - p.mean()


def _rk4(grid: _FourierGrid, state: Array, p: Array, dt: float) -> tuple[Array, Array]:
    """Advance by one filtered Runge-Kutta step; p only starts the next iteration."""
    k1, p1 = _rates(grid, state, p)
    k2, p2 = _rates(grid, state + 0.5 * dt * k1, p1)
    k3, p2 = _rates(grid, state + 0.5 * dt * k2, p2)
    k4, p3 = _rates(grid, state + dt * k3, 2 * p2 - p1)
    new = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return grid.physical(grid.filter * np.fft.rfft2(new)), p3
