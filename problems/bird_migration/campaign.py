"""Radar profiles in plane coordinates, as networks are trained and judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ncl_deepxde.data import Table
from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.files import arrays_in, replacing
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
        density: In birds/km3, NaN where missing, (N, 1).
        velocity: Horizontal, along x and y in km/h, NaN where missing, (N, 2).
        labels: The radar of each row, (N,).
        radars: Name to longitude and latitude in degrees.
        start: UTC of t = 0; of the dusk clock, that of the first dusk.
        left_out: What rows were left out for, and their number.
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
        """From degrees to the plane."""
        lon, lat = np.array(list(self.radars.values())).T
        return Projection.of(pd.DataFrame({"lon": lon, "lat": lat}))

    @property
    def places(self) -> dict[str, Array]:
        """Name to x and y in km, (2,)."""
        lon, lat = np.array(list(self.radars.values())).T
        x, y = self.projection.to_plane(lon, lat)
        return dict(zip(self.radars, np.stack([x, y], axis=1), strict=True))

    @property
    def held_out(self) -> list[str]:
        """The radars to judge by."""
        return held_out(self.places)

    @property
    def units(self) -> Units:
        """Those of the networks."""
        return Units.of(self.points)

    def night(self, hours: float = 12.0) -> tuple[float, float]:
        """Return the first and the last hour of the window with the most birds.

        Args:
            hours: Longest window.
        """
        order = np.argsort(self.points[:, 3], kind="stable")
        t = self.points[order, 3]
        birds = np.concatenate([[0.0], np.nancumsum(self.density[order, 0])])
        last = np.searchsorted(t, t + hours, side="right")
        first = int(np.argmax(birds[last] - birds[:-1]))
        return float(t[first]), float(t[last[first] - 1])

    def select(self, radars: list[str]) -> Campaign:
        """Return the rows of some radars."""
        rows = np.isin(self.labels, radars)
        found = {name: getattr(self, name)[rows] for name in ARRAYS}
        return Campaign(**{**vars(self), **found})

    def table(self, velocity_noise: Array | None = None) -> Table:
        """Return the observations in units of the networks, with labels.

        The vertical velocity is missing.

        Args:
            velocity_noise: What its residuals are divided by, (1, 3).
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
        with replacing(path) as temporary:
            np.savez_compressed(temporary, **arrays, **facts)

    @classmethod
    def load(cls, path: Path) -> Campaign:
        """Return what :meth:`save` wrote.

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
