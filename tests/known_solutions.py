"""Exact solutions of the laws, in smooth torch operations: inputs (N, d + 1) -> (N, K).

Each is written out from the literature or by hand, apart from the package.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ncl_deepxde import laws


@dataclass(frozen=True)
class Known:
    """A law, a solution, and a box of x and t in which it is smooth."""

    law: laws.LawSystem
    solution: Callable[[Tensor], Tensor]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def points(self, n: int = 9) -> Tensor:
        low, high = torch.tensor(self.low), torch.tensor(self.high)
        return (low + (high - low) * torch.rand(n, len(low))).requires_grad_()


def columns(*values: Tensor) -> Tensor:
    return torch.cat(values, dim=1)


def split(z: Tensor) -> tuple[Tensor, ...]:
    return z.split(1, dim=1)


def viscous_shock(z, nu=0.1):
    """A wave from 2 to 0 of speed 1."""
    x, t = split(z)
    return 1 - torch.tanh((x - t) / (2 * nu))


def fan(z):
    x, t = split(z)
    return x / t


def jam_fan(z):
    """v (1 - 2 rho / rho_m) = x / t."""
    x, t = split(z)
    return 0.5 * 0.8 * (1 - x / t / 1.5)


def moving_queue(z):
    """One speed for all cars carries any density."""
    x, t = split(z)
    rho = 2 + torch.sin(x - 0.7 * t)
    return columns(rho, rho * (0.7 + 1.3 * rho**2))


def relaxing_road(z):
    """Equal densities: v' = (V - v) / tau with V(2) = 0.5, tau = 0.4."""
    x, t = split(z)
    rho = 2 + 0 * x
    v = 0.5 + 0.3 * torch.exp(-t / 0.4)
    return columns(rho, rho * (v + 1.3 * rho**2))


def ritter(z, g=2.0, h0=1.5):
    """A dam breaks before a dry bed: A. Ritter (1892)."""
    x, t = split(z)
    c0 = math.sqrt(g * h0)
    h = (2 * c0 - x / t) ** 2 / (9 * g)
    u = 2 / 3 * (x / t + c0)
    return columns(h, h * u)


def bump(x):
    return 0.2 * torch.exp(-x.square().sum(dim=1, keepdim=True))


def lake(z):
    return columns(1.0 - bump(z[:, :-1]), 0 * z[:, :-1])


def sloshing(z, g=2.0, a=1.0, h0=0.1, eta=0.5):
    """Water that swings in a parabolic basin as a plane: W. C. Thacker (1981)."""
    x, t = split(z)
    w = math.sqrt(2 * g * h0) / a
    h = h0 * (1 - (x / a) ** 2) + 2 * eta * h0 / a**2 * torch.cos(w * t) * (
        x - eta / 2 * torch.cos(w * t)
    )
    u = -eta * w * torch.sin(w * t) + 0 * x
    return columns(h, h * u)


def basin(x):
    return 0.1 * x.square() - 0.1


def advected(z, gamma=1.4):
    """A density that is carried at one speed and pressure."""
    x, t = z[:, :-1], z[:, -1:]
    u = torch.tensor([0.5, -0.3, 0.2])[: x.shape[1]]
    rho = 2 + torch.sin((x - u * t).sum(dim=1, keepdim=True))
    E = 1.7 / (gamma - 1) + rho * u.square().sum() / 2
    return columns(rho, rho * u, E)


def sound_fan(z, c=0.8):
    """u + c = x / t and u - c log rho constant."""
    x, t = split(z)
    u = x / t - c
    rho = torch.exp((u - 0.3) / c)
    return columns(rho, rho * u)


def shear(z):
    """Layers that slide past each other, of one density."""
    y = z[:, 1:2]
    return columns(1.5 + 0 * y, torch.sin(y), 0 * y)


def cooling(z):
    x, y, t = split(z)
    return torch.sin(x) * torch.cos(2 * y) * torch.exp(-5 * 0.3 * t)


def ornstein(z, a=0.7, D=0.4):
    """A Gaussian of mean exp(-a t) and variance (1 - exp(-2 a t)) D / a."""
    x, t = split(z)
    mean = torch.exp(-a * t)
    var = D / a * (1 - torch.exp(-2 * a * t))
    return torch.exp(-((x - mean) ** 2) / (2 * var)) / torch.sqrt(2 * math.pi * var)


def geometric(z, mu=0.1, s=0.5):
    """Lognormal: dX = mu X dt + s X dW, D = s^2 x^2 / 2."""
    x, t = split(z)
    y = torch.log(x) - (mu - s**2 / 2) * t
    spread = s**2 * t
    return torch.exp(-(y**2) / (2 * spread)) / (x * torch.sqrt(2 * math.pi * spread))


def slug(z, v=(0.5, 0.1), D=0.05, k=0.3):
    """A slug in a stream that decays: M / (4 pi D t) exp(-r^2 / 4 D t - k t)."""
    x, y, t = split(z)
    r2 = (x - v[0] * t) ** 2 + (y - v[1] * t) ** 2
    return torch.exp(-r2 / (4 * D * t) - k * t) / (4 * math.pi * D * t)


def exchange(z):
    """Two equal species, at rest, that exchange: a - b decays at the rate 2 k."""
    x, t = split(z)
    e = torch.exp(-2 * 0.4 * t) * torch.sin(x)
    return columns(1 + e, 1 - e)


def swap(f):
    rate = 0.4 * (f.state(1) - f.state(0))
    return [rate, -rate]


def light(z, c=1.3):
    """A plane wave along (3, 4) / 5."""
    x, y, t = split(z)
    E = torch.sin(3 * x + 4 * y - 5 * c * t)
    return columns(E, 0.8 * E / c, -0.6 * E / c)


def halfar(z, gamma=0.5):
    """Ice that spreads: P. Halfar (1981), in one dimension, n = 3."""
    x, t = split(z)
    alpha = 1 / 11
    t0 = (7 / 4) ** 3 * alpha / gamma
    s = t / t0
    inner = 1 - (s**-alpha * x.abs()) ** (4 / 3)
    return s**-alpha * inner ** (3 / 7)


def simple_wave(z):
    """S - f'(S0) t carries a small wave only to first order; constants do exactly."""
    return 0.4 + 0 * z[:, :1]


def none(x, t):
    return 0 * t


KNOWN = {
    "burgers": Known(laws.burgers(), fan, (-1, 1), (1, 2)),
    "burgers-viscous": Known(laws.burgers(0.1), viscous_shock, (-0.5, 0), (0.5, 1)),
    "scalar": Known(
        laws.scalar_law(lambda u: columns(u**2 / 2, 0 * u), dim=2),
        lambda z: z[:, :1] / z[:, 2:],
        (-1, -1, 1),
        (1, 1, 2),
    ),
    "lwr": Known(laws.lwr(1.5, 0.8), jam_fan, (-1, 1), (1, 2)),
    "arz": Known(laws.arz(1.3, 2.0), moving_queue, (0, 0), (3, 1)),
    "arz-relaxing": Known(
        laws.arz(1.3, 2.0, relaxation=0.4, preferred=lambda rho: 1 / rho),
        relaxing_road,
        (0, 0),
        (3, 1),
    ),
    "shallow-water": Known(laws.shallow_water(2.0), ritter, (-1, 1), (1, 2)),
    "lake-at-rest": Known(
        laws.shallow_water(2.0, 2, bed=bump, level=1.0), lake, (-1, -1, 0), (1, 1, 1)
    ),
    "sloshing": Known(
        laws.shallow_water(2.0, bed=basin), sloshing, (-0.4, 0), (0.4, 2)
    ),
    "euler": Known(laws.euler(), advected, (0, 0), (3, 1)),
    "euler-3d": Known(laws.euler(dim=3), advected, (0, 0, 0, 0), (3, 3, 3, 1)),
    "isothermal": Known(laws.isothermal(0.8), sound_fan, (0, 1), (1, 2)),
    "isothermal-2d": Known(laws.isothermal(0.8, 2), shear, (0, 0, 0), (3, 3, 1)),
    "heat": Known(laws.heat(0.3, 2), cooling, (0, 0, 0), (3, 3, 1)),
    "fokker-planck": Known(
        laws.fokker_planck(lambda x, t: -0.7 * x, 0.4), ornstein, (-1, 0.3), (1, 1)
    ),
    "fokker-planck-ito": Known(
        laws.fokker_planck(lambda x, t: 0.1 * x, lambda x, t: 0.125 * x**2),
        geometric,
        (0.5, 0.5),
        (2, 1),
    ),
    "plume": Known(
        laws.advection_diffusion_reaction(
            (0.5, 0.1), [0.05], lambda f: [-0.3 * f.q], dim=2
        ),
        slug,
        (0, -0.5, 0.5),
        (1, 0.5, 1),
    ),
    "sorption": Known(
        laws.advection_diffusion_reaction([0.0], [None, None], swap),
        exchange,
        (0, 0),
        (3, 1),
    ),
    "buckley-leverett": Known(laws.buckley_leverett(0.5), simple_wave, (0, 0), (1, 1)),
    "maxwell": Known(laws.maxwell(1.3), light, (0, 0, 0), (3, 3, 1)),
    "ice": Known(laws.shallow_ice(0.5, none), halfar, (0.2, 0.6), (0.7, 1)),
}


def wave_speeds(law: laws.LawSystem, q: Tensor, axis: int = 0) -> Tensor:
    """Return the eigenvalues of the Jacobian of a flux at one state (K,), sorted."""

    def flux(q: Tensor) -> Tensor:
        x = torch.zeros(1, law.dim)
        fields = laws.LawFields(
            x, x[:, :1], q[None], lambda: torch.zeros(1, law.laws, 1)
        )
        return torch.stack([F[0, axis] for F in law.flux(fields)])

    found = torch.linalg.eigvals(torch.func.jacrev(flux)(q))
    return found.real.sort().values
