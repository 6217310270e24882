"""Where and when products are computed, and the way to the map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...arrays import Array
from ...nn.base.checks import check_counts
from ..projection import Projection

__all__ = ["Grid", "Interval", "Region", "Time", "time_label"]

Interval: TypeAlias = tuple[float, float]
Time: TypeAlias = float | str | datetime | np.datetime64


@dataclass(frozen=True)
class Grid:
    """Centers of the cells of a map.

    Attributes:
        x: First coordinate in the plane, in km, shape (nx,).
        y: Second coordinate in the plane, in km, shape (ny,).
        lon: Longitude in degrees east, shape (ny, nx).
        lat: Latitude in degrees north, shape (ny, nx).
    """

    x: Array
    y: Array
    lon: Array
    lat: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns, (ny, nx)."""
        return len(self.y), len(self.x)

    @property
    def places(self) -> Array:
        """Positions in the plane, x fastest, in km, shape (ny * nx, 2)."""
        return np.stack(np.meshgrid(self.x, self.y), axis=-1).reshape(-1, 2)


@dataclass(frozen=True)
class Region:
    """A box of air above a map, and the clock of the flow.

    Args:
        projection: Projection from longitude and latitude to the plane.
        start: Time at which the hours of the flow begin, in UTC where it has no zone.
        x: Least and largest x in the plane, in km.
        y: Least and largest y in the plane, in km.
        altitude: Bottom and top, in km above sea level.

    Raises:
        ValueError: An interval is empty or not finite.
    """

    projection: Projection
    start: datetime
    x: Interval
    y: Interval
    altitude: Interval

    def __post_init__(self) -> None:
        sides = {"x": self.x, "y": self.y, "altitude": self.altitude}
        for name, (low, high) in sides.items():
            if not -np.inf < low < high < np.inf:
                raise ValueError(
                    f"{name}: must be a pair (low, high) of finite numbers in km with "
                    f"low < high, got ({low}, {high}). Swap or correct them."
                )
        object.__setattr__(self, "start", _in_utc(self.start))

    @classmethod
    def around(
        cls,
        radars: pd.DataFrame,
        start: datetime,
        altitude: Interval,
        *,
        projection: Projection | None = None,
        margin: float = 60.0,
    ) -> Region:
        """Return the smallest region that holds all radars and a margin.

        Args:
            radars: Columns ``radar``, ``lon`` and ``lat``, as ``Profiles.radars``.
            start: Time at which the hours of the flow begin.
            altitude: Bottom and top, in km above sea level.
            projection: Projection to the plane; by default the one that suits the
                radars.
            margin: Margin around the radars in km.

        Raises:
            ValueError: There is no radar.
        """
        projection = Projection.of(radars) if projection is None else projection
        x, y = (
            (float(c.min()) - margin, float(c.max()) + margin)
            for c in projection.to_plane(radars["lon"], radars["lat"])
        )
        return cls(projection, start, x, y, altitude)

    def hours(self, time: Time) -> float:
        """Return the hours from the start to a time.

        Args:
            time: Hours since the start; or a date, in UTC where it has no zone; or a
                text, which is read as a date in ISO 8601.

        Raises:
            ValueError: The time is not finite, or the text is no date.
        """
        if isinstance(time, np.datetime64):
            time = str(time.astype("datetime64[us]"))
        if isinstance(time, str):
            time = _parsed(time)
        if isinstance(time, datetime):
            return (_in_utc(time) - self.start) / timedelta(hours=1)
        if not np.isfinite(time):
            raise ValueError(f"time: must be finite, got {time}. Give hours or a date.")
        return float(time)

    def span(self, begin: Time, end: Time) -> Interval:
        """Return the hours from the start to two times.

        Args:
            begin: First time.
            end: Last time.

        Raises:
            ValueError: The end is not after the begin.
        """
        first, last = self.hours(begin), self.hours(end)
        if not first < last:
            raise ValueError(
                f"end: must be after begin, got {time_label(self.utc(first))} to "
                f"{time_label(self.utc(last))} UTC. Swap them; a night that ends on "
                "the next morning needs the date of that morning."
            )
        return first, last

    def utc(self, hours: float) -> datetime:
        """Return the date that is some hours after the start."""
        return self.start + timedelta(hours=float(hours))

    def grid(self, n: int = 64) -> Grid:
        """Return nearly square cells that fill the map.

        Args:
            n: Number of cells along the longer side.

        Raises:
            ValueError: ``n`` is not a positive integer.
        """
        check_counts(n=(n, 1))
        width, height = self.x[1] - self.x[0], self.y[1] - self.y[0]
        size = max(width, height) / n
        x, y = (
            _centers(ends, max(1, round((ends[1] - ends[0]) / size)))
            for ends in (self.x, self.y)
        )
        return Grid(x, y, *self.to_sphere(*np.meshgrid(x, y)))

    def to_sphere(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return longitude and latitude in degrees, without a jump at 180 degrees.

        Longitudes are within half a turn of the middle of the region.

        Args:
            x: First coordinate in the plane, in km, of any shape.
            y: Second coordinate in the plane, in km.
        """
        lon, lat = self.projection.to_sphere(x, y)
        middle, _ = self.projection.to_sphere(np.mean(self.x), np.mean(self.y))
        return middle + (lon - middle + 180) % 360 - 180, lat

    def contains(self, positions: Array) -> NDArray[np.bool_]:
        """Tell which positions, (..., 3) in km, are inside, shape (...)."""
        low, high = np.array([self.x, self.y, self.altitude]).T
        inside: NDArray[np.bool_] = np.all(
            (positions >= low) & (positions <= high), axis=-1
        )
        return inside

    def check_inside(
        self, argument: str, positions: Array, names: Iterable[str]
    ) -> None:
        """Raise ``ValueError`` unless all positions are inside.

        Args:
            argument: Argument that the error names.
            positions: x, y and altitude in km, shape (N, 3).
            names: Names of the N positions.
        """
        for name, position, inside in zip(
            names, positions, self.contains(positions), strict=True
        ):
            if not inside:
                x, y, z = position
                raise ValueError(
                    f"{argument}: {name} at x = {x:.4g}, y = {y:.4g}, altitude {z:.4g} "
                    f"km is outside the region x {_text(self.x)}, y {_text(self.y)}, "
                    f"altitude {_text(self.altitude)} km. Positions are (longitude, "
                    "latitude, altitude in km); enlarge the region or move the place."
                )


def time_label(time: datetime) -> str:
    """Return date, hours and minutes, as figures show them."""
    return f"{time:%Y-%m-%d %H:%M}"


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f"time: must be hours or an ISO 8601 date as '2018-04-05T22:30', got "
            f"{text!r}. Correct it."
        ) from error


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _centers(ends: Interval, n: int) -> Array:
    return ends[0] + (ends[1] - ends[0]) * (np.arange(n) + 0.5) / n


def _text(ends: Interval) -> str:
    return f"{ends[0]:.4g}..{ends[1]:.4g}"
