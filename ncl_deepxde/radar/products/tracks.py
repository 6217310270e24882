r"""Trajectories :math:`\dot X = u(X, t)` from any place, forwards and backwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from ...arrays import Array
from .flow import BirdFlow, Carrier, evaluate
from .region import Region, Time

__all__ = ["Place", "Tracks", "follow"]

Place: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Tracks:
    """Positions of N birds at T times; NaN where a bird has left the region.

    Attributes:
        names: Names of the birds.
        hours: Times in hours since the start, increasing, shape (T,).
        origin: Time at which the birds are at the given places, in hours.
        starts: x, y and altitude of the given places, in km, shape (N, 3).
        positions: x, y and altitude at all times, in km, shape (T, N, 3).
    """

    names: tuple[str, ...]
    hours: Array
    origin: float
    starts: Array
    positions: Array


def follow(
    flow: BirdFlow,
    region: Region,
    places: Mapping[str, Place],
    at: Time,
    times: Sequence[Time] | Array,
    *,
    tolerance: float = 1e-6,
) -> Tracks:
    """Follow birds from places at one time to other times, earlier and later.

    A ``Carrier`` knows its trajectories. Those of another flow are integrated by the
    method of Dormand and Prince of order 8. A bird that leaves the region is followed
    no further: the flow is not known outside.

    Args:
        flow: The flow of birds.
        region: Region in which birds are followed, with the projection and the clock.
        places: Name to longitude and latitude in degrees and altitude in km.
        at: Time at which the birds are at the places.
        times: Times of the positions, increasing.
        tolerance: Largest error in a step, for every bird by itself, relative and in
            km.

    Raises:
        ValueError: There are no places, one is outside the region, times do not
            increase, or the flow is not finite.
        RuntimeError: The integration fails.
    """
    hours = _increasing(region, times)
    if not 0 < tolerance < 1:
        raise ValueError(
            f"tolerance: must be between 0 and 1, got {tolerance}. Try 1e-3."
        )
    starts, origin = _positions(region, places), region.hours(at)
    if isinstance(flow, Carrier):
        paths = _transported(flow, starts, origin, hours)
    else:
        paths = _integrated(flow, region, starts, origin, hours, tolerance)
    paths[~_still_inside(region, paths, hours, origin)] = np.nan
    return Tracks(tuple(places), hours, origin, starts, paths)


def _increasing(region: Region, times: Sequence[Time] | Array) -> Array:
    hours = np.array([region.hours(time) for time in times])
    if len(hours) < 1 or np.any(np.diff(hours) <= 0):
        raise ValueError(
            f"times: must be at least one and increase, got {times!r}. Sort them: "
            "birds are followed backwards to the times before that of the places."
        )
    return hours


def _positions(region: Region, places: Mapping[str, Place]) -> Array:
    if not places:
        raise ValueError(
            "places: must hold at least one place, name to (longitude, latitude, "
            "altitude in km), got none."
        )
    if any(np.shape(place) != (3,) for place in places.values()):
        raise ValueError(
            "places: each must be (longitude, latitude, altitude in km), got "
            f"{dict(places)!r}. Add what is missing."
        )
    values = np.array(list(places.values()), dtype=float)
    x, y = region.projection.to_plane(values[:, 0], values[:, 1])
    starts = np.column_stack([x, y, values[:, 2]])
    region.check_inside("places", starts, places)
    return starts


def _transported(flow: Carrier, starts: Array, origin: float, hours: Array) -> Array:
    n = len(starts)
    t0, t1 = np.full((len(hours) * n, 1), origin), np.repeat(hours, n)[:, None]
    moved = flow.transport(np.tile(starts, (len(hours), 1)), t0, t1)
    paths: Array = np.array(moved, dtype=np.float64)
    if paths.shape != (len(hours) * n, 3) or not np.isfinite(paths).all():
        raise ValueError(
            f"flow: transport must return finite positions of shape "
            f"({len(hours) * n}, 3), got {paths.shape} with "
            f"{np.count_nonzero(~np.isfinite(paths))} numbers that are not finite. "
            "Check the training log."
        )
    return paths.reshape(-1, n, 3)


def _integrated(
    flow: BirdFlow,
    region: Region,
    starts: Array,
    origin: float,
    hours: Array,
    tolerance: float,
) -> Array:
    paths = np.empty((len(hours), *starts.shape))
    paths[hours == origin] = starts
    for side, order in ((hours < origin, -1), (hours > origin, 1)):
        wanted = hours[side][::order]
        if len(wanted):
            found = _solve(flow, region, starts, origin, wanted, tolerance)
            paths[side] = found[::order]
    return paths


def _solve(
    flow: BirdFlow,
    region: Region,
    starts: Array,
    origin: float,
    wanted: Array,
    tolerance: float,
) -> Array:
    """Return positions (T, N, 3) at times that lead away from the origin."""
    low, high = np.array([region.x, region.y, region.altitude]).T

    def slope(t: float, state: Array) -> Array:
        # A bird that has left must not disturb those inside.
        x = np.clip(state.reshape(-1, 3), low, high)
        return evaluate(flow, np.hstack([x, np.full((len(x), 1), t)]))[1].ravel()

    # The solver bounds the root mean square over all coordinates of all birds.
    each = tolerance / np.sqrt(starts.size)
    found = solve_ivp(
        slope,
        (origin, wanted[-1]),
        starts.ravel(),
        method="DOP853",
        t_eval=wanted,
        rtol=max(each, 100 * np.finfo(float).eps),
        atol=each,
    )
    if not found.success:
        raise RuntimeError(
            f"tracks: the integration failed ({found.message}). The velocity varies "
            f"too fast; raise tolerance (now {tolerance:g})."
        )
    paths: Array = found.y.T.reshape(len(wanted), *starts.shape)
    return paths


def _still_inside(
    region: Region, paths: Array, hours: Array, origin: float
) -> NDArray[np.bool_]:
    """Tell when birds are inside and have been so ever since the origin, (T, N)."""
    inside = region.contains(paths)
    later = hours >= origin
    kept = np.empty_like(inside)
    kept[later] = np.logical_and.accumulate(inside[later], axis=0)
    kept[~later] = np.logical_and.accumulate(inside[~later][::-1], axis=0)[::-1]
    return kept
