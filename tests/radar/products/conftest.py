"""Flows of birds in closed form, and a region for them."""

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pytest

pytest.importorskip("pandas", reason="needs the extra birds")
pytest.importorskip("pyproj", reason="needs the extra birds")
pytest.importorskip("xarray", reason="needs the extra birds")

import pandas as pd

from ncl_deepxde.radar import Projection
from ncl_deepxde.radar.products import Region


@dataclass(frozen=True)
class Cloud:
    """A Gaussian cloud in a constant wind: center c + w t, one width for each axis."""

    center: tuple[float, float, float] = (-200.0, -125.0, 1.5)
    wind: tuple[float, float, float] = (40.0, 25.0, 0.0)
    width: tuple[float, float, float] = (40.0, 60.0, 0.6)
    top: float = 200.0

    def __call__(self, points):
        away = points[:, :3] - self.center - points[:, 3:] * np.array(self.wind)
        rho = self.top * np.exp(-0.5 * np.sum((away / self.width) ** 2, axis=1))
        return {"rho": rho[:, None], "u": np.tile(self.wind, (len(points), 1))}

    def birds(self, box, t):
        """Number of birds in a box ((x, x), (y, y), (z, z)), in closed form."""
        number = self.top
        for (low, high), c, w, s in zip(
            box, self.center, self.wind, self.width, strict=True
        ):
            ends = [(end - c - w * t) / (s * math.sqrt(2)) for end in (low, high)]
            number *= (
                s * math.sqrt(math.pi / 2) * (math.erf(ends[1]) - math.erf(ends[0]))
            )
        return number


class Turning:
    """A uniform density that turns about the origin and goes up and down."""

    rate = 0.3

    def __call__(self, points):
        x, y, _, t = points.T
        u = np.stack([-self.rate * y, self.rate * x, 0.1 * np.cos(t)], axis=1)
        return {"rho": np.full((len(points), 1), 3.0), "u": u}


class TurningCarrier(Turning):
    """The same with its trajectories."""

    def transport(self, x, t0, t1):
        angle = self.rate * (t1 - t0)[:, 0]
        cos, sin = np.cos(angle), np.sin(angle)
        return np.stack(
            [
                cos * x[:, 0] - sin * x[:, 1],
                sin * x[:, 0] + cos * x[:, 1],
                x[:, 2] + 0.1 * (np.sin(t1) - np.sin(t0))[:, 0],
            ],
            axis=1,
        )


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def turning():
    return Turning()


@pytest.fixture
def carrier():
    return TurningCarrier()


@pytest.fixture
def region():
    """A box of 800 km x 600 km x 5 km over 50 N 6 E; the clock starts at dusk."""
    plane = Projection("+proj=laea +lat_0=50 +lon_0=6 +datum=WGS84 +units=m")
    return Region(plane, datetime(2018, 4, 5, 18), (-400, 400), (-300, 300), (0, 5))


@pytest.fixture
def radars():
    return pd.DataFrame(
        {"radar": ["west", "east"], "lon": [4.0, 8.0], "lat": [49.0, 51.5]}
    )


@pytest.fixture
def sphere(region):
    """Longitude and latitude of places in the plane, as a list of pairs."""

    def convert(*places):
        lon, lat = region.projection.to_sphere(*np.transpose(places))
        return list(zip(lon.tolist(), lat.tolist(), strict=True))

    return convert
