r"""Four Gaussians that a swirl carries around a box: a flow known in closed form.

With the center moving as :math:`s(t) = \sin(\pi t)\,(0.6, -0.6)`, the stretch
:math:`a(t) = (1 + t/10)(1 + t/2)` and the rotation :math:`R(t)` by :math:`2\pi t`,

.. math:: x_t = L\tanh\frac{w_t}{L}, \qquad w_t = a(t) R(t) (v + s(t)), \qquad
    v = L\operatorname{artanh}\frac{x_0}{L},

in the first two coordinates; a third one rests. At the start the density is
:math:`\frac14\sum_{j<4} N(x_0; c_j, 0.3^2)`, with :math:`c_j` at the angle
:math:`j\pi/2` and the radius :math:`2/3 + j/3`; in three dimensions times
:math:`e^{-z^2/(2\cdot 0.6^2)}`. The box is :math:`(-L, L)^d`, the mass 1 in the plane.

The released code mixes L = 3.999 and 4; here it is 3.999 throughout, so that density
and velocity belong together.

References:
    F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024), appendix A.4,
    https://arxiv.org/abs/2305.16846.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from ncl_deepxde.data import Observed, Source

from .regions import EXTENT, region

__all__ = ["MovingGaussians", "training_source"]

SHIFT = (0.6, -0.6)
CENTERS = [(2 / 3, 0.0), (0.0, 1.0), (-4 / 3, 0.0), (0.0, -5 / 3)]
STD = 0.3
STD_Z = 0.6

OBSERVED_TIMES = 21
VELOCITY_NOISE = 0.014
LOG_DENSITY_NOISE = 0.023


class MovingGaussians:
    r"""Density and velocity of the flow, which satisfy continuity to round-off.

    All methods take points (N, d) and times (N, 1), one for each point, of one dtype
    and device. Outside the box they return the values at the wall.

    Args:
        dim: Number of space dimensions, 2 or 3.

    Attributes:
        dim: Number of space dimensions d.
        mass: Integral of the density over the box, at all times.

    Raises:
        ValueError: Another number of dimensions.
    """

    def __init__(self, dim: int) -> None:
        if dim not in (2, 3):
            raise ValueError(f"dim: must be 2 or 3, got {dim!r}.")
        self.dim = dim
        self.mass = 1.0 if dim == 2 else STD_Z * math.sqrt(2 * math.pi)

    def density(self, points: Tensor, t: Tensor) -> Tensor:
        r"""Return :math:`\rho`, (N, 1)."""
        return self.log_density(points, t).exp()

    def log_density(self, points: Tensor, t: Tensor) -> Tensor:
        r"""Return :math:`\log\rho_0(x_0) + \log|\det \partial x_0/\partial x|`, (N, 1).

        With :math:`\partial x/\partial w = \operatorname{sech}^2(w/L)`.
        """
        w = _unbounded(points)
        v = _rotate(w / _stretch(t), -t) - _shift(t)
        x0 = EXTENT * torch.tanh(v / EXTENT)
        centers = _constant(tuple(CENTERS), x0.device, x0.dtype)
        squares = (x0[:, None] - centers).square().sum(dim=2)
        log_rho = torch.logsumexp(-squares / (2 * STD**2), dim=1, keepdim=True)
        log_rho = log_rho - math.log(len(CENTERS) * 2 * math.pi * STD**2)
        log_det = _log_sech2(v / EXTENT) - _log_sech2(w / EXTENT)
        log_rho = log_rho + log_det.sum(dim=1, keepdim=True) - 2 * _stretch(t).log()
        return log_rho - (points[:, 2:] / STD_Z).square().sum(dim=1, keepdim=True) / 2

    def velocity(self, points: Tensor, t: Tensor) -> Tensor:
        r"""Return :math:`u = \partial_t x_t` at fixed :math:`x_0`, (N, d).

        .. math:: \dot w = \frac{\dot a}{a} w + \dot R R^T w + a R \dot s .
        """
        w = _unbounded(points)
        growth = 0.1 / (1 + 0.1 * t) + 0.5 / (1 + 0.5 * t)
        turned = torch.stack([-w[:, 1], w[:, 0]], dim=1)
        pushed = math.pi * torch.cos(math.pi * t) * _constant(SHIFT, w.device, w.dtype)
        w_t = growth * w + 2 * math.pi * turned + _stretch(t) * _rotate(pushed, t)
        u = w_t * _log_sech2(w / EXTENT).exp()
        return torch.cat([u, torch.zeros_like(points[:, 2:])], dim=1)

    def transport(self, points: Tensor, t0: Tensor, t1: Tensor) -> Tensor:
        """Move points from the times t0 to the times t1, (N, d)."""
        v = _rotate(_unbounded(points) / _stretch(t0), -t0) - _shift(t0)
        w = _rotate(_stretch(t1) * (v + _shift(t1)), t1)
        return torch.cat([EXTENT * torch.tanh(w / EXTENT), points[:, 2:]], dim=1)


def training_source(dim: int, times: int = OBSERVED_TIMES) -> Source:
    """Build a source of noisy observations in the training region.

    Each has one of the equidistant times in [0, 1]; noise is added to the velocity and
    to the logarithm of the density.

    Args:
        dim: Number of space dimensions, 2 or 3.
        times: Number of times; with 1 all observations are at the start.
    """
    flow, sample = MovingGaussians(dim), region("train", dim)

    def source(n: int, generator: torch.Generator) -> Observed:
        x = sample(n, generator)
        index = torch.randint(times, (n, 1), generator=generator, device=x.device)
        t = index.to(x.dtype) / max(times - 1, 1)
        noise = torch.empty(n, 1 + dim, dtype=x.dtype, device=x.device)
        noise.normal_(generator=generator)
        log_rho = flow.log_density(x, t) + LOG_DENSITY_NOISE * noise[:, :1]
        u = flow.velocity(x, t) + VELOCITY_NOISE * noise[:, 1:]
        return Observed(torch.cat([x, t], dim=1), log_rho.exp(), u)

    return source


def _unbounded(points: Tensor) -> Tensor:
    r"""Return :math:`w = L\operatorname{artanh}(x/L)` of the plane, (N, 2)."""
    nearly_one = 1 - torch.finfo(points.dtype).eps
    inside = (points[:, :2] / EXTENT).clamp(-nearly_one, nearly_one)
    return EXTENT * torch.atanh(inside)


def _stretch(t: Tensor) -> Tensor:
    return (1 + 0.1 * t) * (1 + 0.5 * t)


def _shift(t: Tensor) -> Tensor:
    return torch.sin(math.pi * t) * _constant(SHIFT, t.device, t.dtype)


def _rotate(w: Tensor, t: Tensor) -> Tensor:
    """Turn counterclockwise by one turn per unit of time."""
    cos, sin = torch.cos(2 * math.pi * t), torch.sin(2 * math.pi * t)
    x, y = w[:, :1], w[:, 1:]
    return torch.cat([cos * x - sin * y, sin * x + cos * y], dim=1)


def _log_sech2(z: Tensor) -> Tensor:
    r"""Return :math:`\log\operatorname{sech}^2 z` without underflow."""
    size = z.abs()
    return -2 * (size + torch.nn.functional.softplus(-2 * size) - math.log(2))


@cache
def _constant(
    values: tuple[float | tuple[float, ...], ...],
    device: torch.device,
    dtype: torch.dtype,
) -> Tensor:
    """Return a constant on its device: copying it at every step would stop a GPU."""
    return torch.tensor(values, device=device, dtype=dtype)
