"""The flow of birds, from which every product is computed: a function of points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np

from ...arrays import Array

__all__ = ["BirdFlow", "Carrier", "evaluate"]

CHUNK = 65536


class BirdFlow(Protocol):
    """Density and velocity of birds in physical units, by a network or a formula."""

    def __call__(self, points: Array) -> Mapping[str, Array]:
        """Return the density and the velocity at points.

        Args:
            points: x and y in the plane of the projection and altitude above sea
                level, in km, and the time in hours since the start, shape (N, 4).

        Returns:
            ``rho`` in birds/km3, (N, 1), and ``u`` in km/h, (N, 3).
        """
        ...


@runtime_checkable
class Carrier(BirdFlow, Protocol):
    """A flow that knows its trajectories, as ``nn.LFlow`` does in closed form."""

    def transport(self, x: Array, t0: Array, t1: Array) -> Array:
        """Return the positions at time t1 of birds that are at x at time t0.

        Args:
            x: Positions in km, shape (N, 3).
            t0: Hours since the start, shape (N, 1).
            t1: Hours since the start, shape (N, 1).

        Returns:
            Positions in km, shape (N, 3).
        """
        ...


def evaluate(flow: BirdFlow, points: Array) -> tuple[Array, Array]:
    """Return density (N, 1) and velocity (N, 3) in float64.

    Args:
        flow: The flow of birds.
        points: Points as ``BirdFlow`` takes them, shape (N, 4).

    Raises:
        ValueError: The flow returns other shapes, or numbers that are not finite.
    """
    parts = [
        _checked(flow(chunk), chunk)
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
                f"flow: must return {name} of shape (N, {width}) = "
                f"({len(points)}, {width}), got {column.shape}. Reshape it."
            )
        wrong = ~np.isfinite(column).all(axis=1)
        if wrong.any():
            x, y, z, t = points[wrong][0]
            raise ValueError(
                f"flow: {name} must be finite, got {column[wrong][0]} at x = {x:.4g} "
                f"km, y = {y:.4g} km, altitude {z:.4g} km, {t:.4g} h after the start "
                f"({wrong.sum()} of {len(points)} points). Check the training log, or "
                "choose a region and times inside the domain of the flow."
            )
        columns.append(column)
    rho, u = columns
    return rho, u
