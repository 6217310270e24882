r"""From a flow of migrating birds to maps, tracks, counts, NetCDF and GeoJSON.

This example shows how to

- give density and velocity, trained or not, to `ncl_deepxde.radar.products`;
- count the birds that leave a polygon in a night, with an error, and check the count
  against what is missing inside: nothing gets lost where continuity is exact;
- write maps with arrows, an animation, tracks, a NetCDF file (CF conventions) and, for
  geographic information systems, a GeoJSON file of the tracks.

    python examples/migration_products.py [--out DIRECTORY]

No network is trained here. The flow is a broad front of birds over the Low Countries
and Germany that a turning wind carries to the northeast: the positions at which birds
started are

.. math:: a(x, t) = R(-\omega t)\,(x - w t), \qquad
    \rho(x, y, z, t) = \rho_0(a)\,h(z), \qquad u = w + \omega J (x - w t),

with the rotation R and its generator J. It obeys continuity, because the wind is free
of divergence and :math:`\rho_0` is constant along its paths. For a trained `nn.LFlow`
write a class like `Front`, around its `density`, `velocity` and `transport`.
"""

import argparse
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from ncl_deepxde.radar import Projection
from ncl_deepxde.radar.products import Region, birds_crossing, write_products

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--out", type=Path, default=Path("migration"), help="folder")
options = parser.parse_args()

# The flow: x, y, altitude in km and hours in, birds/km3 and km/h out.

WIND = np.array([35.0, 20.0])
OMEGA = 0.04  # turns to the left by 2.3 degrees in an hour
START = np.array([4100.0, 2900.0])
WIDTH = np.array([120.0, 180.0])


class Front:
    def __call__(self, points):
        x, z, t = points[:, :2], points[:, 2:3], points[:, 3:]
        away = (self._back(x, t) - START) / WIDTH
        rho = 60 * np.exp(-0.5 * (away**2).sum(1, keepdims=True) - (z - 0.9) ** 2)
        moved = x - START - WIND * t
        turning = OMEGA * np.stack([-moved[:, 1], moved[:, 0]], axis=1)
        return {"rho": rho, "u": np.hstack([WIND + turning, np.zeros_like(z)])}

    def transport(self, x, t0, t1):
        """Return the positions at t1: with it, tracks need no integration."""
        moved = rotate(self._back(x[:, :2], t0) - START, OMEGA * t1)
        return np.hstack([START + WIND * t1 + moved, x[:, 2:]])

    def _back(self, x, t):
        return START + rotate(x - START - WIND * t, -OMEGA * t)


def rotate(x, angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.hstack([cos * x[:, :1] - sin * x[:, 1:], sin * x[:, :1] + cos * x[:, 1:]])


flow = Front()

# Where and when: five radars, the plane that suits them, and the night. For real data
# `ncl_deepxde.radar.read(...).radars` is such a table.

radars = pd.DataFrame(
    [
        ("Den Helder", 4.79, 52.95),
        ("Wideumont", 5.51, 49.91),
        ("Essen", 6.97, 51.41),
        ("Nancy", 6.58, 48.72),
        ("Eisberg", 12.40, 49.54),
    ],
    columns=["radar", "lon", "lat"],
)
projection = Projection.of(radars)
dusk, dawn = "2018-04-05T18:00", "2018-04-06T05:00"
region = Region.around(
    radars, datetime(2018, 4, 5, 18), (0.0, 4.0), projection=projection, margin=150
)

# How many birds leave a polygon, counter-clockwise, so that outwards is to the right?
# The flow is integrated over edges, altitudes and the night.

corners = [(3950.0, 2800.0), (4250.0, 2850.0), (4300.0, 3150.0), (3900.0, 3100.0)]
lon, lat = projection.to_sphere(*np.transpose([*corners, corners[0]]))
polygon = list(zip(lon, lat, strict=True))
left = birds_crossing(
    flow, region, polygon, dusk, dawn, path="straight", tolerance=1e-5
)

# The same from the density alone: birds inside at dusk minus birds inside at dawn, by
# the rule of Gauss and Legendre on the quadrilateral.


def birds_inside(time, n=40):
    nodes, weights = np.polynomial.legendre.leggauss(n)
    r, s, q = np.meshgrid(*[(nodes + 1) / 2] * 3, indexing="ij")
    a, b, c, d = np.array(corners)[:, :, None, None, None]
    x = a * (1 - r) * (1 - s) + b * r * (1 - s) + c * r * s + d * (1 - r) * s
    x_r, x_s = (b - a) * (1 - s) + (c - d) * s, (d - a) * (1 - r) + (c - b) * r
    area = x_r[0] * x_s[1] - x_r[1] * x_s[0]
    low, high = region.altitude
    z = low + (high - low) * q
    t = np.full_like(z, region.hours(time))
    rho = flow(np.stack([*x, z, t], axis=-1).reshape(-1, 4))["rho"].reshape(z.shape)
    return (high - low) / 8 * np.einsum("ijk,i,j,k", rho * area, *[weights] * 3)


missing = birds_inside(dusk) - birds_inside(dawn)
print(f"Birds that left the polygon: {left}")
print(f"Birds missing inside at dawn: {missing:,.0f}")
print(f"Relative difference: {abs(left.net / missing - 1):.1e}")
assert abs(left.net - missing) < 1e-9 * left.traffic

# All products at once: a line along which birds are counted, and tracks through the
# radars in the middle of the night, backwards and forwards.

figures = write_products(
    options.out,
    flow,
    region,
    (dusk, dawn),
    radars,
    held_out=["Essen"],
    line=[(3.0, 50.8), (7.0, 50.6), (12.0, 51.2)],
    name="front",
    frames=8,
)
for name, caption in figures:
    print(f"{options.out / name}: {caption}")
