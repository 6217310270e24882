r"""How many birds cross a line in a night.

With the line :math:`s \mapsto (x, y)(s)` and :math:`n\,ds = (dy, -dx)`, which points to
the right of somebody who walks along it,

.. math:: \text{net} = \int_{t_0}^{t_1}\!\int\!\int_{z_0}^{z_1}
    \rho\,u\cdot n\;dz\,ds\,dt, \qquad
    \text{traffic} = \int\!\int\!\int |\rho\,u\cdot n|\;dz\,ds\,dt.

A line from west to east counts birds to the south as positive; around a polygon whose
vertices run counter-clockwise, net is the number of birds that left it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.integrate import cubature

from ...arrays import Array, Times
from .column import gauss_legendre
from .flow import BirdFlow, evaluate
from .lines import Leg, Line, legs_of_line
from .region import Region, Time

__all__ = ["Crossing", "birds_crossing", "crossing_rates"]

RULE = "gk15"
COARSE = 12


@dataclass(frozen=True)
class Crossing:
    """Birds that cross a line, with estimates of the errors of the integration.

    Attributes:
        net: Birds to the right minus birds to the left of the line.
        traffic: Birds to the right plus birds to the left.
        net_error: Estimate of the error of ``net``.
        traffic_error: Estimate of the error of ``traffic``.
    """

    net: float
    traffic: float
    net_error: float
    traffic_error: float

    @property
    def to_the_right(self) -> float:
        """Birds from the left to the right of somebody who walks along the line."""
        return (self.traffic + self.net) / 2

    @property
    def to_the_left(self) -> float:
        """Birds from the right to the left of somebody who walks along the line."""
        return (self.traffic - self.net) / 2

    def __str__(self) -> str:
        """State numbers and errors in a line."""
        return (
            f"{self.net:,.0f} birds net (+- {_error(self.net_error)}), "
            f"{self.to_the_right:,.0f} to the right and {self.to_the_left:,.0f} to the "
            f"left (+- {_error(self.traffic_error)})"
        )


def birds_crossing(
    flow: BirdFlow,
    region: Region,
    line: Line,
    begin: Time,
    end: Time,
    *,
    path: str = "geodesic",
    tolerance: float = 1e-3,
    max_splits: int = 60,
) -> Crossing:
    """Integrate over line, altitude and time, in smaller steps where they are needed.

    The rule is that of Gauss and Kronrod with 15 points per axis; a cell that is not
    good enough is cut in eight. Birds below or above the altitudes of the region are
    not counted.

    Args:
        flow: The flow of birds.
        region: Region with the altitudes, the projection and the clock.
        line: At least two vertices (longitude, latitude) in degrees, inside the region.
        begin: Start of the night.
        end: End of the night.
        path: Way between vertices, ``"geodesic"`` or ``"straight"`` in the plane.
        tolerance: Largest error, as a part of the traffic.
        max_splits: Most cuts of cells per leg, 27,000 points each. Where they do not
            reach the tolerance, the errors of the result say so.

    Raises:
        ValueError: The line is bad, the night ends before it begins, or the flow is not
            finite.
    """
    hours = region.span(begin, end)
    if not 0 < tolerance < 1:
        raise ValueError(
            f"tolerance: must be between 0 and 1, got {tolerance}. Try 1e-3."
        )
    legs = _legs_inside(region, line, path)
    times, weights = gauss_legendre(hours, COARSE)
    rates = crossing_rates(flow, region, line, times, path=path, nodes=COARSE)
    scale = float(weights @ rates.sum(axis=1))
    total = np.zeros((2, 2))
    for leg in legs:
        found = cubature(
            partial(_integrand, flow, leg),
            [0.0, region.altitude[0], hours[0]],
            [1.0, region.altitude[1], hours[1]],
            rule=RULE,
            rtol=0.0,
            atol=max(tolerance * scale / len(legs), np.finfo(float).tiny),
            max_subdivisions=max_splits,
        )
        total += np.stack([found.estimate, found.error])
    (net, traffic), (net_error, traffic_error) = total.tolist()
    return Crossing(net, traffic, net_error, traffic_error)


def crossing_rates(
    flow: BirdFlow,
    region: Region,
    line: Line,
    times: Times,
    *,
    path: str = "geodesic",
    nodes: int = 24,
) -> Array:
    """Return birds per hour to the right and to the left of a line, (T, 2).

    The rule is that of Gauss and Legendre, along every leg and over altitude.

    Args:
        flow: The flow of birds.
        region: Region with the altitudes and the projection.
        line: At least two vertices (longitude, latitude) in degrees, inside the region.
        times: Hours since the start, (T,).
        path: Way between vertices, ``"geodesic"`` or ``"straight"`` in the plane.
        nodes: Number of nodes of the rule, in each of the two directions.

    Raises:
        ValueError: The line is bad, or the flow is not finite.
    """
    rates = np.zeros((len(times), 2))
    s, weights_s = gauss_legendre((0.0, 1.0), nodes)
    z, weights_z = gauss_legendre(region.altitude, nodes)
    s_all, z_all = (c.ravel() for c in np.meshgrid(s, z))
    weights = np.outer(weights_z, weights_s).ravel()
    for leg in _legs_inside(region, line, path):
        for row, time in zip(rates, times, strict=True):
            passing = _passing(flow, leg, s_all, z_all, np.full(len(s_all), time))
            row += weights @ np.maximum(passing, 0), weights @ np.maximum(-passing, 0)
    return rates


def _error(number: float) -> str:
    return f"{number:,.0f}" if number >= 1 or number == 0 else f"{number:.1g}"


def _integrand(flow: BirdFlow, leg: Leg, points: Array) -> Array:
    """Return the passing flux and its absolute value, (N, 2), at (s, z, t), (N, 3)."""
    s, z, t = points.T
    passing = _passing(flow, leg, s, z, t)
    return np.stack([passing, np.abs(passing)], axis=1)


def _passing(flow: BirdFlow, leg: Leg, s: Array, z: Array, t: Array) -> Array:
    r"""Return :math:`\rho\,(u_x\,dy/ds - u_y\,dx/ds)` in birds/(km h), (N,)."""
    rho, u = evaluate(flow, np.column_stack([leg.places(s), z, t]))
    passing: Array = rho[:, 0] * np.sum(u[:, :2] * leg.normals(s), axis=1)
    return passing


def _legs_inside(region: Region, line: Line, path: str) -> list[Leg]:
    legs = legs_of_line(region.projection, line, path)
    s = np.linspace(0, 1, 33)
    for number, leg in enumerate(legs, 1):
        places = leg.places(s)
        level = np.full((len(s), 1), region.altitude[0])
        names = [f"leg {number}"] * len(s)
        region.check_inside("line", np.hstack([places, level]), names)
    return legs
