"""What every product is computed from: the flow of birds as a function of points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np

from ...evaluation.metrics import Array

__all__ = ["Carrier", "Field", "evaluate"]

CHUNK = 65536


class Field(Protocol):
    """Density and velocity of birds in physical units, by a network or a formula."""

    def __call__(self, points: Array) -> Mapping[str, Array]:
        """Map points to the density and the velocity there.

        Args:
            points: x and y in the plane of the projection and altitude above sea
                level, in km, and the time in hours since the start, shape (N, 4).

        Returns:
            ``rho`` in birds/km3, (N, 1), and ``u`` in km/h, (N, 3).
        """
        ...


@runtime_checkable
class Carrier(Field, Protocol):
    """A field that knows its trajectories, as ``nn.LFlow`` does in closed form."""

    def transport(self, x: Array, t0: Array, t1: Array) -> Array:
        """Return where birds at x at time t0 are at time t1.

        Args:
            x: In km, shape (N, 3).
            t0: In hours since the start, shape (N, 1).
            t1: As t0.

        Returns:
            Shape (N, 3).
        """
        ...


def evaluate(field: Field, points: Array) -> tuple[Array, Array]:
    """Return density (N, 1) and velocity (N, 3) at points (N, 4), in float64.

    Raises:
        ValueError: The field returns other shapes, or numbers that are not finite.
    """
    parts = [
        _checked(field(chunk), chunk)
        for chunk in np.split(points, range(CHUNK, len(points), CHUNK))
    ]
    rho, u = (np.concatenate(part) for part in zip(*parts, strict=True))
    return rho, u


def _checked(values: Mapping[str, Array], points: Array) -> tuple[Array, Array]:
    columns = []
    for name, width in (("rho", 1), ("u", 3)):
        column = np.asarray(values[name], dtype=np.float64)
        if column.shape != (len(points), width):
            raise ValueError(
                f"field: must return {name} of shape (N, {width}) = "
                f"({len(points)}, {width}), got {column.shape}."
            )
        wrong = ~np.isfinite(column).all(axis=1)
        if wrong.any():
            x, y, z, t = points[wrong][0]
            raise ValueError(
                f"field: {name} must be finite, got {column[wrong][0]} at x = {x:.4g} "
                f"km, y = {y:.4g} km, altitude {z:.4g} km, {t:.4g} h after the start "
                f"({wrong.sum()} of {len(points)} points). Check the training log, or "
                "choose a region and times inside the domain of the field."
            )
        columns.append(column)
    rho, u = columns
    return rho, u
