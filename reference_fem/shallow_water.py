r"""Shallow water over a bed, in one and two dimensions, by finite volumes.

With depth h, velocity u, bed z and gravity g,

.. math::
    \partial_t h + \nabla \cdot (h u) = 0, \qquad
    \partial_t (h u) + \nabla \cdot (h u \otimes u) + \nabla (g h^2 / 2)
    = - g h \nabla z.

On equal cells along each axis: slopes of h, u and the surface h + z limited by minmod;
hydrostatic reconstruction of the states at faces, so that a lake at rest stays at rest
over any bed (E. Audusse et al., SIAM J. Sci. Comput. 25 (2004) 2050-2065); fluxes by
A. Harten, P. D. Lax and B. van Leer (SIAM Rev. 25 (1983) 35-61); Heun's method in time.
Of second order where the flow is smooth, and conservative: shocks have the right speed.
The water must cover the bed everywhere.

PyClaw, which solves the same equations, has no wheel and needs a Fortran compiler.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._arrays import Array, SpaceFunction
from ._setup import check, saved_times
from .shallow_result import ShallowWaterResult

__all__ = ["solve"]

SIDES = {"wall": "symmetric", "open": "edge", "periodic": "wrap"}
"""Sides, and how numpy pads cells beyond them; at a wall the normal velocity turns."""
GHOSTS = 2


def solve(
    depth: SpaceFunction,
    velocity: SpaceFunction,
    *,
    xmin: Sequence[float],
    xmax: Sequence[float],
    n: int | Sequence[int],
    t_end: float,
    save_times: Sequence[float] | int = 41,
    bed: SpaceFunction | None = None,
    sides: str | Sequence[str] = "wall",
    gravity: float = 9.81,
    courant: float = 0.45,
) -> ShallowWaterResult:
    """Solve from an initial state on an interval or a rectangle.

    Args:
        depth: Initial depth, coordinates (dim, N) -> (N,), positive.
        velocity: Initial velocity, (dim, N) -> (dim, N).
        xmin: Least coordinates (dim,), dim 1 or 2.
        xmax: Largest coordinates (dim,).
        n: Cells per axis.
        t_end: Final time.
        save_times: Increasing times in [0, t_end], or a number of equally spaced ones.
        bed: Height of the bed, (dim, N) -> (N,); by default flat.
        sides: ``"wall"``, ``"open"`` or ``"periodic"``, for all axes or for each.
        gravity: Gravity.
        courant: Largest part of a cell that a wave crosses in a step, at most 0.5.

    Returns:
        Depth and velocity at the saved times.

    Raises:
        ValueError: If an argument is out of range.
        RuntimeError: If the bed falls dry.
    """
    grid = CellGrid.create(xmin, xmax, n, sides)
    check(
        ("t_end", t_end, 0 < t_end < math.inf, "positive and finite"),
        ("gravity", gravity, 0 < gravity < math.inf, "positive and finite"),
        ("courant", courant, 0 < courant <= 0.5, "positive and at most 0.5"),
    )
    x = grid.centers()
    z = np.zeros(grid.n) if bed is None else _at(bed, x, grid, ())
    h = _at(depth, x, grid, ())
    check(("depth", float(h.min()), bool(h.min() > 0), "positive everywhere"))
    state = np.concatenate([h[None], h * _at(velocity, x, grid, (grid.dim,))])
    return _march(grid, z, state, saved_times(save_times, t_end), gravity, courant)


@dataclass(frozen=True)
class CellGrid:
    """Equal cells of an interval or a rectangle.

    Attributes:
        xmin: Least coordinates (dim,).
        xmax: Largest coordinates (dim,).
        n: Cells per axis.
        sides: Kind of the two sides of each axis.
    """

    xmin: Array
    xmax: Array
    n: tuple[int, ...]
    sides: tuple[str, ...]

    @classmethod
    def create(
        cls,
        xmin: Sequence[float],
        xmax: Sequence[float],
        n: int | Sequence[int],
        sides: str | Sequence[str],
    ) -> "CellGrid":
        """Check and unify the arguments of :func:`solve`.

        Raises:
            ValueError: If one is out of range.
        """
        low, high = (np.asarray(x, dtype=np.float64) for x in (xmin, xmax))
        fits = low.shape == high.shape and low.shape in ((1,), (2,))
        if not fits or not (low < high).all() or not np.isfinite(high - low).all():
            raise ValueError(
                "xmin must be one or two numbers below those of xmax, got "
                f"{xmin!r} and {xmax!r}"
            )
        cells = (n,) * low.size if isinstance(n, int) else tuple(n)
        kinds = (sides,) * low.size if isinstance(sides, str) else tuple(sides)
        count = low.size
        check(
            (
                "n",
                n,
                len(cells) == count and all(int(m) == m and m >= 4 for m in cells),
                f"{count} integers of at least 4",
            ),
            (
                "sides",
                sides,
                len(kinds) == count and set(kinds) <= set(SIDES),
                f"{count} of {', '.join(map(repr, SIDES))}",
            ),
        )
        return cls(low, high, cells, kinds)

    @property
    def dim(self) -> int:
        """Dimension of space."""
        return len(self.n)

    @property
    def h(self) -> Array:
        """Sizes of the cells (dim,)."""
        return np.asarray((self.xmax - self.xmin) / np.array(self.n))

    def centers(self) -> Array:
        """Return the centers of the cells (dim, N)."""
        axes = [
            low + size * (np.arange(m) + 0.5)
            for low, size, m in zip(self.xmin, self.h, self.n, strict=True)
        ]
        return np.stack(np.meshgrid(*axes, indexing="ij")).reshape(self.dim, -1)


def _at(
    function: Callable[[Array], Array], x: Array, grid: CellGrid, shape: tuple[int, ...]
) -> Array:
    """Return the values (*shape, *n) of a function at the centers."""
    values = np.asarray(function(x), dtype=np.float64)
    wanted = (*shape, x.shape[1])
    if values.shape != wanted or not np.isfinite(values).all():
        raise ValueError(
            f"a function of points (dim, N) must return finite numbers of shape "
            f"{wanted}, got shape {values.shape}; use 0 * x[0] for constants"
        )
    return values.reshape(*shape, *grid.n)


def _march(
    grid: CellGrid, z: Array, state: Array, times: Array, g: float, courant: float
) -> ShallowWaterResult:
    t, fields, rows = 0.0, [], [_diagnostics(0.0, grid, z, state, g)]
    for moment in times:
        while t < moment:
            dt = min(courant * _longest_step(grid, state, g), moment - t)
            first = state + dt * _rate(grid, z, state, g)
            _check_wet(first, t + dt)
            state = (state + first + dt * _rate(grid, z, first, g)) / 2
            _check_wet(state, t + dt)
            t = moment if dt == moment - t else t + dt
            rows.append(_diagnostics(t, grid, z, state, g))
        fields.append(state.copy())
    saved = np.stack(fields)
    return ShallowWaterResult(
        times,
        grid.xmin,
        grid.xmax,
        saved[:, 0],
        saved[:, 1:] / saved[:, :1],
        z,
        grid.sides,
        {name: np.array([row[name] for row in rows]) for name in rows[0]},
    )


def _longest_step(grid: CellGrid, state: Array, g: float) -> float:
    """Return the time in which the fastest wave crosses a cell, over all axes."""
    h = state[0]
    rate = sum(
        (np.abs(state[1 + a] / h) + np.sqrt(g * h)) / grid.h[a] for a in range(grid.dim)
    )
    return float(1 / np.max(rate))


def _check_wet(state: Array, t: float) -> None:
    least = float(state[0].min())
    if not least > 0:
        raise RuntimeError(
            f"the bed fell dry at t = {t:.6g}: depth {least:.3g}; shallow_water needs "
            "water everywhere: raise the depth"
        )


def _diagnostics(
    t: float, grid: CellGrid, z: Array, state: Array, g: float
) -> dict[str, float]:
    h, cell = state[0], float(np.prod(grid.h))
    kinetic = (state[1:] ** 2).sum(axis=0) / h / 2
    return {
        "time": t,
        "mass": float(h.sum()) * cell,
        "energy": float((kinetic + g * h * (h / 2 + z)).sum()) * cell,
        "min_depth": float(h.min()),
    }


def _rate(grid: CellGrid, z: Array, state: Array, g: float) -> Array:
    """Return the rate of change (1 + dim, *n) of depth and momentum."""
    rate = np.zeros_like(state)
    for axis in range(grid.dim):
        # the axis comes first, its momentum right after the depth
        order = [0, 1 + axis, *(1 + a for a in range(grid.dim) if a != axis)]
        along = np.moveaxis(state[order], 1 + axis, 1)
        bed, kind = np.moveaxis(z, axis, 0), grid.sides[axis]
        found = np.moveaxis(
            _rate_along(along, bed, kind, g) / grid.h[axis], 1, 1 + axis
        )
        for row, target in enumerate(order):
            rate[target] += found[row]
    return rate


def _rate_along(state: Array, z: Array, side: str, g: float) -> Array:
    """Return the rate times the cell size, of states (1 + dim, m, ...)."""
    h, u, z = _padded(state, z, side)
    slopes = [_minmod(field) / 2 for field in (h, u, h + z)]
    h, u, z = (field[..., 1:-1, :] for field in (h, u, z))
    dh, du, ds = slopes
    left = h + dh, u + du, z + ds - dh
    right = h - dh, u - du, z - ds + dh
    # faces between neighbors: what the cell before and the one after say
    (hl, ul, zl), (hr, ur, zr) = (
        tuple(part[..., :-1, :] for part in left),
        tuple(part[..., 1:, :] for part in right),
    )
    top = np.maximum(zl, zr)
    hl_star, hr_star = (np.maximum(a + b - top, 0) for a, b in ((hl, zl), (hr, zr)))
    flux = _harten_lax_van_leer(hl_star, ul, hr_star, ur, g)
    before, after = flux.copy(), flux
    before[1] += g / 2 * (hl**2 - hl_star**2)
    after[1] += g / 2 * (hr**2 - hr_star**2)
    change = after[:, :-1] - before[:, 1:]
    inner = slice(1, -1)
    (hl, _, zl), (hr, _, zr) = left, right
    change[1] += (g / 2 * (hl + hr) * (zr - zl))[..., inner, :]
    return change.reshape(state.shape)


def _padded(state: Array, z: Array, side: str) -> tuple[Array, Array, Array]:
    """Return depth, velocities and bed (..., m + 4, rest), with cells beyond sides."""
    m = state.shape[1]
    flat = state.reshape(len(state), m, -1)
    width = ((0, 0), (GHOSTS, GHOSTS), (0, 0))
    mode: Any = SIDES[side]
    padded = np.pad(flat, width, mode=mode)
    bed = np.pad(z.reshape(m, -1), width[1:], mode=mode)
    h, u = padded[0], padded[1:] / padded[0]
    if side == "wall":
        u[0, :GHOSTS] *= -1
        u[0, -GHOSTS:] *= -1
    return h, u, bed


def _minmod(field: Array) -> Array:
    """Return the limited differences (..., m - 2, rest) of neighbors."""
    steps = np.diff(field, axis=-2)
    a, b = steps[..., :-1, :], steps[..., 1:, :]
    return np.where(a * b > 0, np.sign(a) * np.minimum(np.abs(a), np.abs(b)), 0.0)


def _harten_lax_van_leer(hl: Array, ul: Array, hr: Array, ur: Array, g: float) -> Array:
    """Return the fluxes (1 + dim, faces, rest) of depth and momentum."""
    cl, cr = np.sqrt(g * hl), np.sqrt(g * hr)
    slow = np.minimum(np.minimum(ul[0] - cl, ur[0] - cr), 0)
    fast = np.maximum(np.maximum(ul[0] + cl, ur[0] + cr), 0)

    def states(h: Array, u: Array) -> tuple[Array, Array]:
        q = np.concatenate([h[None], h * u])
        f = q * u[0]
        f[1] += g / 2 * h * h
        return q, f

    (ql, fl), (qr, fr) = states(hl, ul), states(hr, ur)
    width = np.where(fast > slow, fast - slow, 1.0)
    return np.asarray((fast * fl - slow * fr + fast * slow * (qr - ql)) / width)
