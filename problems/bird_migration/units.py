r"""Units of the networks, whose inputs and velocities are to be of order one.

With the center :math:`c` of the radars, half of the larger side L of their extent, the
highest altitude H and half a day T,

.. math:: x' = \frac{x - c}{L}, \qquad z' = \frac{z - H/2}{H/2}, \qquad
    t' = \frac{t - t_0}{T},

with :math:`t_0` in the middle of the observations. Densities stay in birds/km3: the
continuity equation is the same in all units of length and time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncl_deepxde.evaluation.metrics import Array

__all__ = ["HALF_DAY", "KMH", "Units"]

HALF_DAY = 12.0
KMH = 3.6
"""One m/s in km/h."""


@dataclass(frozen=True)
class Units:
    """The map between physical and network coordinates.

    Attributes:
        origin: Where (x, y, z) in km and t in hours are 0 for networks, 4 numbers.
        scales: Units of length in km and of time in hours, 4 numbers.
        low: Lower corner of the observations in network coordinates, 4 numbers.
        high: Upper corner of the observations in network coordinates, 4 numbers.
    """

    origin: tuple[float, ...]
    scales: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def of(cls, points: Array) -> Units:
        """Choose the units of observations at points (N, 4)."""
        low, high = points.min(axis=0), points.max(axis=0)
        low[2] = 0.0
        side = max(high[:2] - low[:2]) / 2
        origin = (low + high) / 2
        scales = np.array([side, side, high[2] / 2, HALF_DAY])
        ends = ((corner - origin) / scales for corner in (low, high))
        return cls(*(tuple(map(float, v)) for v in (origin, scales, *ends)))

    @property
    def speeds(self) -> Array:
        """The units of velocity in km/h, (3,)."""
        return np.array(self.scales[:3]) / self.scales[3]

    @property
    def volume(self) -> float:
        """The unit of volume in km3."""
        return float(np.prod(self.scales[:3]))

    def points_in(self, points: Array) -> Array:
        """Convert points (N, 4) from km and hours to network coordinates."""
        scaled: Array = (points - np.array(self.origin)) / np.array(self.scales)
        return scaled

    def points_out(self, points: Array) -> Array:
        """Convert points (N, 4) from network coordinates to km and hours."""
        physical: Array = points * np.array(self.scales) + np.array(self.origin)
        return physical

    def velocity_in(self, u: Array) -> Array:
        """Convert velocities (N, 3) from km/h to network units."""
        scaled: Array = u / self.speeds
        return scaled

    def velocity_out(self, u: Array) -> Array:
        """Convert velocities (N, 3) from network units to km/h."""
        physical: Array = u * self.speeds
        return physical
