r"""A migration in closed form that satisfies continuity: birds over western Europe.

Positions are :math:`(x, y)` in km from the center of the network, the altitude
:math:`z` in km and the time t in hours. In night n the birds are active for

.. math:: a_n(t) = \tfrac12\Bigl(\tanh\frac{t - t_n}{w} - \tanh\frac{t - t_n - T}{w}
    \Bigr), \qquad A_n(t) = \int a_n\,dt, \qquad A = \sum_n A_n .

A bird that rests at :math:`(\xi, \eta, \zeta)` has flown to

.. math:: y = \eta + \sum_n V_n A_n + B A \sin k\xi, \quad
    x = \xi + \sum_n U_n A_n + B A \sin ky, \quad z = h + \sigma\zeta,

with the height :math:`h = h_0 + (h_1 - h_0)\sum_n a_n(t + x/c)` and the spread
:math:`\sigma` of the layer alike: dusk comes from the east at the speed c. By day all
birds are below the ground, where no radar sees them; so the take-off needs no source.
The map has the Jacobian :math:`\sigma`, hence

.. math:: \rho = \frac{1}{\sigma} N(\zeta; 0, 1) \sum_j b_j\, e^{-|(\xi, \eta) -
    c_j|^2 / (2 s_j^2)}

and the velocity is the time derivative at rest. Ours; no bird flew like that.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array

__all__ = ["HOURS", "START", "Migration"]

START = "2018-04-05T15:00"
"""UTC of t = 0, in the afternoon before the first of three nights."""
HOURS = 64.0
NIGHTS = (3.5, 27.5, 51.5)
"""Hours of dusk in the center; so dusk is at 18:30."""
LENGTH = 10.0
"""Hours of a night."""
TWILIGHT = 0.8
WIND = ((24.0, 14.0), (36.0, 26.0), (30.0, 30.0))
"""Velocities (U_n, V_n) in km/h."""
SHEAR, WAVELENGTH = 8.0, 2400.0
DUSK_SPEED = 1100.0
"""Speed of the terminator at a latitude of 48 degrees, in km/h."""
HEIGHTS, SPREADS = (-1.6, 0.9), (0.3, 0.6)
"""Height and spread of the layer, each by day and by night, in km."""
# Center (km), standard deviation (km), birds per km2.
FLOCKS = (
    (-650.0, -520.0, 300.0, 95.0),
    (-350.0, -100.0, 240.0, 60.0),
    (60.0, -260.0, 260.0, 45.0),
    (-1050.0, -800.0, 340.0, 120.0),
    (250.0, 220.0, 280.0, 30.0),
)


class Migration:
    """Density and velocity of the migration.

    All methods take points (N, 4), the columns x, y, z in km and t in hours, in
    float64.
    """

    def __call__(self, points: Array) -> dict[str, Array]:
        """Evaluate ``rho`` (N, 1) in birds/km3 and ``u`` (N, 3) in km/h."""
        x = torch.as_tensor(points, dtype=torch.float64, device="cpu")
        return {"rho": self.density(x).numpy(), "u": self.velocity(x).numpy()}

    def density(self, points: Tensor) -> Tensor:
        r"""Return :math:`\rho`, (N, 1)."""
        x, y, z, t = torch.split(points, 1, dim=1)
        k, drift, swept = 2 * math.pi / WAVELENGTH, _drift(t), SHEAR * _flown(t).sum(1)
        xi = x - drift[:, :1] - swept[:, None] * torch.sin(k * y)
        eta = y - drift[:, 1:] - swept[:, None] * torch.sin(k * xi)
        height, spread = _layer(t + x / DUSK_SPEED)
        normal = torch.exp(-(((z - height) / spread) ** 2) / 2)
        centers, widths, birds = _flocks()
        squares = (torch.cat([xi, eta], dim=1)[:, None] - centers).square().sum(dim=2)
        columns = (birds * torch.exp(-squares / (2 * widths**2))).sum(1, keepdim=True)
        return columns * normal / (spread * math.sqrt(2 * math.pi))

    def velocity(self, points: Tensor) -> Tensor:
        r"""Return :math:`u = \partial_t (x, y, z)` at rest, (N, 3).

        With :math:`Q = B A`,

        .. math:: u_y = V + \dot Q \sin k\xi, \qquad
            u_x = U + \dot Q \sin ky + Q k u_y \cos ky, \qquad
            u_z = \Bigl(h' + \sigma' \frac{z - h}{\sigma}\Bigr)(1 + u_x/c) .
        """
        x, y, z, t = torch.split(points, 1, dim=1)
        k, wind, active = 2 * math.pi / WAVELENGTH, _wind(t), _active(t)
        Q = SHEAR * _flown(t).sum(1, keepdim=True)
        Q_t = SHEAR * active.sum(1, keepdim=True)
        xi = x - _drift(t)[:, :1] - Q * torch.sin(k * y)
        u_y = wind[:, 1:] + Q_t * torch.sin(k * xi)
        u_x = wind[:, :1] + Q_t * torch.sin(k * y) + Q * k * u_y * torch.cos(k * y)
        phase = t + x / DUSK_SPEED
        height, spread = _layer(phase)
        rise = _rate(phase).sum(1, keepdim=True)
        h_t, sigma_t = ((b - a) * rise for a, b in (HEIGHTS, SPREADS))
        u_z = (h_t + sigma_t * (z - height) / spread) * (1 + u_x / DUSK_SPEED)
        return torch.cat([u_x, u_y, u_z], dim=1)


def _ends(t: Tensor) -> tuple[Tensor, Tensor]:
    """Return the times since dusk and since dawn in units of the twilight, (N, 3)."""
    dusk = t.new_tensor(NIGHTS)
    return (t - dusk) / TWILIGHT, (t - dusk - LENGTH) / TWILIGHT


def _active(t: Tensor) -> Tensor:
    """Return all :math:`a_n`, (N, 3), at times (N, 1)."""
    since_dusk, since_dawn = _ends(t)
    return (torch.tanh(since_dusk) - torch.tanh(since_dawn)) / 2


def _rate(t: Tensor) -> Tensor:
    r"""Return all :math:`\dot a_n`, (N, 3)."""
    rising, falling = (1 - torch.tanh(s).square() for s in _ends(t))
    return (rising - falling) / (2 * TWILIGHT)


def _flown(t: Tensor) -> Tensor:
    r"""Return all :math:`A_n`, (N, 3): differences of :math:`\frac w2\log\cosh`."""
    rising, falling = (torch.logaddexp(s, -s) for s in _ends(t))
    return TWILIGHT / 2 * (rising - falling) + LENGTH / 2


def _wind(t: Tensor) -> Tensor:
    return _active(t) @ t.new_tensor(WIND)


def _drift(t: Tensor) -> Tensor:
    return _flown(t) @ t.new_tensor(WIND)


def _layer(phase: Tensor) -> tuple[Tensor, Tensor]:
    """Return height and spread, each (N, 1)."""
    a = _active(phase).sum(1, keepdim=True)
    height, spread = (low + (high - low) * a for low, high in (HEIGHTS, SPREADS))
    return height, spread


@cache
def _flocks() -> tuple[Tensor, Tensor, Tensor]:
    """Return centers (J, 2), widths (J,) and birds per km2 (J,)."""
    rows = torch.tensor(FLOCKS, dtype=torch.float64, device="cpu")
    return rows[:, :2], rows[:, 2], rows[:, 3]
