"""Lengths, times and sizes that are typical of a problem, as its user knows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Self

import deepxde as dde
import numpy as np

__all__ = ["Scales"]


@dataclass(frozen=True)
class Scales:
    r"""Typical lengths, times and sizes, so that a network may be used in any units.

    A network with ``scales`` works inside with

    .. math:: \hat x_i = \frac{x_i - o_i}{L_i}, \quad \hat t = \frac{t - o_t}{T}, \quad
        \rho = R\,\hat\rho, \quad u_i = \frac{L_i}{\tau}\,\hat u_i, \quad
        m_i = \frac{R L_i}{\tau}\,\hat m_i ,

    of order one for weights as they are drawn. Nobody sees these numbers: inputs,
    outputs, derivatives, periods, walls, states, means are in the units of the user,
    and what is exact stays exact. Velocities are in proportion to the lengths, since
    otherwise the parts of a divergence could not cancel. The time :math:`\tau` is
    :math:`\max_i L_i` by ``velocity``, or the time T where no velocity is given.

    Attributes:
        length: :math:`L_i`, one for each space axis or a number for all.
        time: T. By default :math:`\tau`; 1 if there is no velocity either.
        density: R.
        velocity: Speed along the axis of the largest length. By default that of one
            length per time; 1 in a field without time if there is no time either.
        extras: Sizes of the free outputs, one for each or a number for all.
        origin: :math:`(o_1..o_d, o_t)`, one number for each column of the inputs,
            the time last; 0 by default.

    Raises:
        ValueError: A scale is not positive and finite, or an origin is not finite.

    Example:
        >>> road = Scales(length=1e4, time=600.0, density=0.05)
        >>> road.length, road.velocity
        (10000.0, None)
    """

    length: float | Sequence[float] = 1.0
    time: float | None = None
    density: float = 1.0
    velocity: float | None = None
    extras: float | Sequence[float] = 1.0
    origin: Sequence[float] | None = None

    def __post_init__(self) -> None:
        for name in ("length", "extras"):
            _check(name, _listed(getattr(self, name)), "positive and finite")
        for name in ("time", "density", "velocity"):
            value = getattr(self, name)
            if name == "density" or value is not None:
                _check(name, [value], "positive and finite")
        if self.origin is not None:
            values = _listed(self.origin)
            _check("origin", values, "finite, one for each input", least=-math.inf)
        for name in ("length", "extras", "origin"):
            value = getattr(self, name)
            if not isinstance(value, Real | None):
                # A tuple, so that scales can be compared.
                object.__setattr__(self, name, tuple(map(float, value)))

    @classmethod
    def of(
        cls,
        geometry: Any,
        *,
        density: float = 1.0,
        velocity: float | None = None,
        extras: float | Sequence[float] = 1.0,
    ) -> Self:
        r"""Return the scales of a geometry of DeepXDE, with or without time.

        The lengths are half the sides of its bounding box, the time half of its time
        domain and the origin their middle, so that inputs are from -1 to 1 inside.

        Args:
            geometry: A ``dde.geometry.Geometry`` or a ``dde.geometry.GeometryXTime``.
            density: As above.
            velocity: As above.
            extras: As above.

        Raises:
            ValueError: No geometry, or one without extent along an axis.

        Example:
            >>> space = dde.geometry.Rectangle([0, 0], [4e3, 1e3])
            >>> time = dde.geometry.TimeDomain(0, 60)
            >>> Scales.of(dde.geometry.GeometryXTime(space, time)).length
            (2000.0, 500.0)
        """
        time: Any = None
        if isinstance(geometry, dde.geometry.GeometryXTime):
            geometry, time = geometry.geometry, geometry.timedomain
        low, high = _box(geometry)
        if time is not None:
            low, high = np.append(low, time.t0), np.append(high, time.t1)
        sizes = {"density": density, "velocity": velocity, "extras": extras}
        return cls._between(low, high, time is not None, sizes)

    @classmethod
    def of_data(cls, table: Any, *, extras: float | Sequence[float] = 1.0) -> Self:
        r"""Return the scales of observations.

        Lengths, time and origin are those of the box around the points; the density is
        the mean of its absolute values, the velocity the root mean square of the
        component along the longest axis, over all entries that are known.

        Args:
            table: A ``data.Table``.
            extras: As above.

        Raises:
            ValueError: No table, or points without extent along an axis.
        """
        rows = getattr(table, "observed", None)
        if rows is None:
            raise ValueError(
                f"table: must be a data.Table, got {type(table).__name__}. Make one of "
                "your columns, or give the numbers: Scales(length=..., time=...)."
            )
        x = np.asarray(rows.points.detach().cpu(), dtype=float)
        low, high = x.min(axis=0), x.max(axis=0)
        sizes: dict[str, Any] = {"extras": extras}
        rho = _known(rows.density)
        if np.any(rho):
            sizes["density"] = float(np.abs(rho).mean())
        if rows.velocity is not None:
            u = _known(rows.velocity[:, int(np.argmax((high - low)[: rows.dim]))])
            if np.any(u):
                sizes["velocity"] = float(np.sqrt(np.square(u).mean()))
        return cls._between(low, high, rows.time, sizes)

    @classmethod
    def _between(
        cls, low: np.ndarray, high: np.ndarray, has_time: bool, sizes: dict[str, Any]
    ) -> Self:
        """Return the scales of a box in space, or in space and time."""
        origin, sides = ((low + high) / 2).tolist(), ((high - low) / 2).tolist()
        time = sides.pop() if has_time else None
        return cls(length=tuple(sides), time=time, origin=tuple(origin), **sizes)


def _known(values: Any) -> np.ndarray:
    """Return the entries of a tensor that are no NaN; none of ``None``."""
    if values is None:
        return np.empty(0)
    array = np.asarray(values.detach().cpu(), dtype=float)
    known: np.ndarray = array[np.isfinite(array)]
    return known


def _box(geometry: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and the upper corner of a geometry, each (d,)."""
    box = getattr(geometry, "bbox", None)
    if not isinstance(geometry, dde.geometry.geometry.Geometry) or box is None:
        raise ValueError(
            "geometry: must be a dde.geometry.Geometry or GeometryXTime with a "
            f"bounding box, got {type(geometry).__name__}. Give the numbers: "
            "Scales(length=..., time=...)."
        )
    low, high = (np.asarray(corner, dtype=float).reshape(-1) for corner in box)
    if isinstance(geometry, dde.geometry.Ellipse):  # whose bounding box is not its own
        turn = np.array([np.cos(geometry.angle), np.sin(geometry.angle)])
        squares = np.square(turn * geometry.semimajor)
        squares = squares + np.square(turn[::-1] * geometry.semiminor)
        center, half = np.asarray(geometry.center, dtype=float), np.sqrt(squares)
        low, high = center - half, center + half
    return low, high


def _listed(value: Any) -> list[Any]:
    is_list = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)
    return list(value) if is_list else [value]


def _check(name: str, values: list[Any], rule: str, least: float = 0.0) -> None:
    """Raise ``ValueError`` unless there are values, finite and above a bound."""
    are_numbers = all(isinstance(v, Real) and not isinstance(v, bool) for v in values)
    if not values or not are_numbers or not all(least < v < math.inf for v in values):
        got = values[0] if len(values) == 1 else values
        raise ValueError(
            f"scales: {name} must be {rule}, got {got!r}. Give typical sizes in the "
            "units of your data."
        )
