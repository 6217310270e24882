"""Radar profiles in plane coordinates, as networks are trained and judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ncl_deepxde.data import Table
from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.files import arrays_in, write_arrays
from ncl_deepxde.radar import Projection

from .stations import held_out
from .units import Units

__all__ = ["Campaign"]

ARRAYS = ("points", "density", "velocity", "labels")


@dataclass(frozen=True)
class Campaign:
    """Observations of some nights by some radars.

    Attributes:
        points: Columns x, y, z in km and t in hours since the start, (N, 4).
        density: Densities in birds/km3, NaN where missing, (N, 1).
        velocity: Horizontal velocities along x and y in km/h, NaN where missing,
            (N, 2).
        labels: Name of the radar of each row, (N,).
        radars: Longitude and latitude in degrees, by name.
        start: UTC of t = 0, with the dusk clock that of the first dusk.
        left_out: Numbers of rows that were left out, by the reason.
        is_synthetic: Whether the truth is known.
    """

    points: Array
    density: Array
    velocity: Array
    labels: np.ndarray
    radars: Mapping[str, tuple[float, float]]
    start: np.datetime64
    left_out: Mapping[str, int]
    is_synthetic: bool

    def __len__(self) -> int:
        return len(self.points)

    @property
    def projection(self) -> Projection:
        """The map from degrees to the plane."""
        lon, lat = np.array(list(self.radars.values())).T
        return Projection.of(pd.DataFrame({"lon": lon, "lat": lat}))

    @property
    def places(self) -> dict[str, Array]:
        """Positions x and y in km, (2,), by name."""
        lon, lat = np.array(list(self.radars.values())).T
        x, y = self.projection.to_plane(lon, lat)
        return dict(zip(self.radars, np.stack([x, y], axis=1), strict=True))

    @property
    def held_out(self) -> list[str]:
        """Names of the radars that no model is trained on."""
        return held_out(self.places)

    @property
    def units(self) -> Units:
        """The units of the networks."""
        return Units.of(self.points)

    def night(self, hours: float = 12.0) -> tuple[float, float]:
        """Find the first and the last hour of the window with the most birds.

        Args:
            hours: Length of the window.
        """
        order = np.argsort(self.points[:, 3], kind="stable")
        t = self.points[order, 3]
        birds = np.concatenate([[0.0], np.nancumsum(self.density[order, 0])])
        last = np.searchsorted(t, t + hours, side="right")
        first = int(np.argmax(birds[last] - birds[:-1]))
        return float(t[first]), float(t[last[first] - 1])

    def select(self, radars: list[str]) -> Campaign:
        """Select the rows of some radars."""
        return self.rows(np.isin(self.labels, radars))

    def rows(self, chosen: np.ndarray) -> Campaign:
        """Select rows by an array of truth values, (N,)."""
        return replace(
            self,
            points=self.points[chosen],
            density=self.density[chosen],
            velocity=self.velocity[chosen],
            labels=self.labels[chosen],
        )

    def table(self, velocity_noise: Array | None = None) -> Table:
        """Convert the observations to units of the networks, with labels.

        The vertical velocity is missing.

        Args:
            velocity_noise: Numbers that velocity residuals are divided by, (1, 3).
        """
        units = self.units
        u = np.pad(self.velocity, [(0, 0), (0, 1)], constant_values=np.nan)
        return Table(
            units.points_in(self.points),
            self.density,
            units.velocity_in(u),
            velocity_noise=velocity_noise,
            stations=self.labels,
        )

    def save(self, path: Path) -> None:
        """Write an npz file that :meth:`load` reads."""
        facts = {
            "names": np.array(list(self.radars)),
            "places": np.array(list(self.radars.values())),
            "start": self.start.astype("datetime64[s]"),
            "reasons": np.array(list(self.left_out), dtype=str),
            "numbers": np.array(list(self.left_out.values()), dtype=int),
            "is_synthetic": np.array(self.is_synthetic),
        }
        arrays = {name: getattr(self, name) for name in ARRAYS}
        write_arrays(path, arrays | facts, compress=True)

    @classmethod
    def load(cls, path: Path) -> Campaign:
        """Read what :meth:`save` wrote.

        Raises:
            ValueError: The file is damaged or holds something else.
        """
        with arrays_in(path) as data:
            arrays = {name: data[name] for name in ARRAYS}
            names, reasons = data["names"].tolist(), data["reasons"].tolist()
            places = map(tuple, data["places"].tolist())
            return cls(
                **arrays,
                radars=dict(zip(names, places, strict=True)),
                start=data["start"][()],
                left_out=dict(zip(reasons, data["numbers"].tolist(), strict=True)),
                is_synthetic=bool(data["is_synthetic"]),
            )
