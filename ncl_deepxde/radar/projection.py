"""From the sphere to a plane of equal area and back, velocities included."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pyproj import CRS, Proj, Transformer

from ..arrays import Array

__all__ = ["Projection"]

EUROPE = "EPSG:3035"


@dataclass(frozen=True)
class Projection:
    r"""A Lambert azimuthal equal-area plane, x and y in km.

    Areas are kept, so densities per km^2 and km^3 are the same numbers in the plane. A
    velocity goes through the differential of the map :math:`\Phi(\lambda, \varphi)`,

    .. math:: u_x = \frac{\Phi_\lambda}{N\cos\varphi}\,u + \frac{\Phi_\varphi}{M}\,v,

    with M and N the radii of curvature of the ellipsoid: it turns with the grid by the
    meridian convergence and, away from the center, is stretched by at most 0.3 % within
    1000 km and 1.3 % within 2000 km. So the continuity equation in the plane is the one
    on the Earth, and a track in the plane is the track on the Earth.

    Args:
        definition: Coordinate reference system, as pyproj takes it: ``"EPSG:3035"``, a
            PROJ string, ...

    Example:
        The origin of EPSG:3035 is at 52 degrees north and 10 degrees east:

        >>> x, y = Projection().to_plane(10.0, 52.0)
        >>> round(float(x)), round(float(y))
        (4321, 3210)

    References:
        | Map Projections: A Working Manual (Snyder, 1987), section 24
        | https://doi.org/10.3133/pp1395
    """

    definition: str = EUROPE

    @classmethod
    def of(cls, radars: pd.DataFrame) -> Projection:
        """Return EPSG:3035 if all radars are in Europe, else a plane centered at them.

        Europe is the area of use of EPSG:3035. The center is the direction of the mean
        of the radars' unit vectors, to a tenth of a degree, on WGS 84.

        Args:
            radars: Columns ``lon`` and ``lat``, in degrees, as ``Profiles.radars``.

        Raises:
            ValueError: There is no radar, or one without a position.
        """
        lon, lat = (radars[name].to_numpy(dtype=float) for name in ("lon", "lat"))
        if len(lon) == 0 or not np.isfinite([lon, lat]).all():
            raise ValueError(
                f"radars: must hold at least one radar, all with a position, got "
                f"{len(lon)} radars. Leave out radars without a position."
            )
        area = CRS(EUROPE).area_of_use
        if area is not None:
            west, south, east, north = area.bounds
            inside = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
            if inside.all():
                return cls(EUROPE)
        lon_0, lat_0 = _center(lon, lat)
        return cls(
            f"+proj=laea +lat_0={lat_0:.1f} +lon_0={lon_0:.1f} +datum=WGS84 +units=m"
        )

    @cached_property
    def crs(self) -> CRS:
        """The coordinate reference system: ``.to_wkt()``, ``.to_cf()``, ``.name``."""
        return CRS(self.definition)

    def to_plane(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
        """Return x and y in km for degrees of any shape."""
        x, y = self._transformer.transform(_array(lon), _array(lat), errcheck=True)
        return _array(x) / 1000, _array(y) / 1000

    def to_sphere(self, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """Return lon and lat in degrees for km of any shape."""
        lon, lat = self._transformer.transform(
            _array(x) * 1000, _array(y) * 1000, direction="INVERSE", errcheck=True
        )
        return _array(lon), _array(lat)

    def rotate(
        self, lon: ArrayLike, lat: ArrayLike, u: ArrayLike, v: ArrayLike
    ) -> tuple[Array, Array]:
        """Return the velocity along x and y, in the unit of u and v; NaN stays NaN.

        Args:
            lon: Longitude in degrees, of any shape; all shapes broadcast.
            lat: Latitude in degrees.
            u: Velocity to the east.
            v: Velocity to the north.
        """
        (x_east, x_north), (y_east, y_north) = self._differential(lon, lat)
        u, v = _array(u), _array(v)
        return x_east * u + x_north * v, y_east * u + y_north * v

    def unrotate(
        self, lon: ArrayLike, lat: ArrayLike, u_x: ArrayLike, u_y: ArrayLike
    ) -> tuple[Array, Array]:
        """Return the velocity to the east and to the north: the inverse of ``rotate``.

        Args:
            lon: Longitude in degrees, of any shape; all shapes broadcast.
            lat: Latitude in degrees.
            u_x: Velocity along x.
            u_y: Velocity along y.
        """
        (x_east, x_north), (y_east, y_north) = self._differential(lon, lat)
        u_x, u_y = _array(u_x), _array(u_y)
        determinant = x_east * y_north - x_north * y_east
        u = (y_north * u_x - x_north * u_y) / determinant
        v = (x_east * u_y - y_east * u_x) / determinant
        return u, v

    @cached_property
    def _transformer(self) -> Transformer:
        return Transformer.from_crs(self.crs.geodetic_crs, self.crs, always_xy=True)

    def _differential(
        self, lon: ArrayLike, lat: ArrayLike
    ) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Return the matrix d(x, y)/d(east, north), which has no unit."""
        lon, lat = np.broadcast_arrays(_array(lon), _array(lat))
        factors = Proj(self.crs).get_factors(lon, lat, errcheck=True)
        geod = self.crs.get_geod()
        squared = 0.0 if geod is None else geod.es
        sine = np.sin(np.radians(lat))
        # radii of curvature over the semi-major axis, which is PROJ's unit of length
        normal = (1 - squared * sine**2) ** -0.5
        meridional = (1 - squared) * normal**3
        per_east = 1 / (normal * np.cos(np.radians(lat)))
        per_north = 1 / meridional
        return (
            (factors.dx_dlam * per_east, factors.dx_dphi * per_north),
            (factors.dy_dlam * per_east, factors.dy_dphi * per_north),
        )


def _array(values: ArrayLike) -> Array:
    return np.asarray(values, dtype=np.float64)


def _center(lon: Array, lat: Array) -> tuple[float, float]:
    """Return the direction of the mean unit vector, in degrees."""
    lam, phi = np.radians(lon), np.radians(lat)
    x = (np.cos(phi) * np.cos(lam)).mean()
    y = (np.cos(phi) * np.sin(lam)).mean()
    z = np.sin(phi).mean()
    angle = np.degrees([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))])
    return float(angle[0]), float(angle[1])
