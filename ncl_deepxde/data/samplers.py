"""Random points in space and time, drawn on the device of a generator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

__all__ = [
    "BoxSampler",
    "Sampler",
    "checked_points",
    "corners",
    "initial_slice",
    "keyed_generator",
    "kronecker_box",
    "sobol_box",
    "uniform_ball",
    "uniform_box",
    "uniform_sphere",
]

Sampler = Callable[[int, torch.Generator], Tensor]
"""Draws n points (n, d+1), time last, on the generator's device."""


@dataclass(frozen=True)
class BoxSampler:
    """Draws points that fill a box uniformly.

    Attributes:
        low: Lower corner, time last.
        high: Upper corner.
        draw: The sampler.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    draw: Sampler

    def __call__(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw n points (n, d+1)."""
        return self.draw(n, generator)


def keyed_generator(*key: int) -> torch.Generator:
    """Return a generator on the default device whose numbers a key alone decides."""
    words = np.random.SeedSequence(key).generate_state(1, np.uint64)
    generator = torch.Generator(torch.get_default_device())
    return generator.manual_seed(int(words[0]))


def uniform_box(low: Sequence[float], high: Sequence[float]) -> BoxSampler:
    """Return a sampler of independent uniform points of the box ``low <= x < high``.

    Args:
        low: Lower corner, one number per column of the points, time last.
        high: Upper corner.

    Raises:
        ValueError: The corners differ in length, or a side is not positive and finite.

    Example:
        >>> draw = uniform_box([0.0, 0.0], [2.0, 1.0])
        >>> draw(5, torch.Generator().manual_seed(0)).shape
        torch.Size([5, 2])
    """
    corner, columns = corners("uniform_box", low, high), len(low)

    def sample(n: int, generator: torch.Generator) -> Tensor:
        shape = (n, columns)
        points = torch.rand(shape, generator=generator, device=generator.device)
        start, side = corner(points.device, points.dtype)
        return torch.addcmul(start, points, side)

    return BoxSampler(tuple(low), tuple(high), sample)


def kronecker_box(low: Sequence[float], high: Sequence[float]) -> BoxSampler:
    r"""Return a sampler of evenly spread points of the box ``low <= x < high``.

    .. math:: x_i = \text{low} + (\text{high} - \text{low}) \, \{u + i\alpha\},
        \qquad \alpha_k = g^{-k}, \quad g^{D+1} = g + 1,

    for i = 0..n-1 and D columns, with a shift u drawn anew at every call: every point
    is uniform, so that means over the points are unbiased, with a far smaller variance
    than those of independent points.

    Args:
        low: Lower corner, one number per column of the points, time last.
        high: Upper corner.

    Raises:
        ValueError: The corners differ in length, or a side is not positive and finite.

    References:
        L. Kuipers, H. Niederreiter, Uniform Distribution of Sequences (1974).
        M. Roberts, The Unreasonable Effectiveness of Quasirandom Sequences (2018): the
        choice of the generalized golden ratio g.
    """
    corner, columns = corners("kronecker_box", low, high), len(low)
    ratio = 2.0
    for _ in range(64):  # a contraction: round-off after fewer steps
        ratio = (1 + ratio) ** (1 / (columns + 1))
    alpha = [ratio ** -(k + 1) for k in range(columns)]

    def sample(n: int, generator: torch.Generator) -> Tensor:
        real, device = torch.get_default_dtype(), generator.device
        # Beyond some thousand points, i alpha has no digits left in float32.
        i = torch.arange(n, dtype=torch.float64, device=device)[:, None]
        step = torch.tensor(alpha, dtype=torch.float64, device=device)
        shift = torch.rand(columns, generator=generator, device=device).double()
        points = (shift + i * step).frac()
        start, side = corner(device, real)
        return torch.addcmul(start, points.to(real), side)

    return BoxSampler(tuple(low), tuple(high), sample)


def sobol_box(low: Sequence[float], high: Sequence[float]) -> BoxSampler:
    """Return a sampler of scrambled Sobol points of the box ``low <= x <= high``.

    Args:
        low: Lower corner, one number per column of the points.
        high: Upper corner.

    Raises:
        ValueError: The corners differ in length, or a side is not positive and finite.

    References:
        I. M. Sobol, On the distribution of points in a cube and the approximate
        evaluation of integrals (1967).
    """
    _sides("sobol_box", low, high)

    def sample(n: int, generator: torch.Generator) -> Tensor:
        device, real = generator.device, torch.get_default_dtype()
        seed = torch.randint(2**31, (1,), generator=generator, device=device)
        engine: Any = SobolEngine
        unit = engine(len(low), scramble=True, seed=int(seed)).draw(n, dtype=real)
        start, end = (torch.tensor(c, dtype=real, device=device) for c in (low, high))
        points: Tensor = start + (end - start) * unit.to(device)
        return points

    return BoxSampler(tuple(low), tuple(high), sample)


def uniform_ball(box: Sampler) -> Sampler:
    r"""Return a sampler of the unit ball, from one of the unit cube.

    .. math:: x = u_1^{1/3}\, n(u_2, u_3)

    with the direction n of :func:`uniform_sphere`. The map multiplies every volume by
    :math:`4\pi/3`: its points are uniform, or evenly spread, where those of the cube
    are.

    Args:
        box: Sampler of :math:`[0, 1)^3` in the first three columns, such as
            ``uniform_box([0, 0, 0, 0], [1, 1, 1, t_end])``; further ones (time) stay.
    """

    def sample(n: int, generator: torch.Generator) -> Tensor:
        radius, square, rest = box(n, generator).tensor_split([1, 3], dim=1)
        return torch.cat([radius ** (1 / 3) * _direction(square), rest], dim=1)

    return sample


def uniform_sphere(box: Sampler) -> Sampler:
    r"""Return a sampler of the unit sphere, from one of the unit square.

    .. math:: n = (\sqrt{1 - c^2} \cos\varphi, \sqrt{1 - c^2} \sin\varphi, c),
        \qquad c = 1 - 2 u_1, \quad \varphi = 2\pi u_2

    The map multiplies every area by :math:`4\pi` (Archimedes).

    Args:
        box: Sampler of :math:`[0, 1)^2` in the first two columns, such as
            ``uniform_box([0, 0, 0], [1, 1, t_end])``; further ones (time) stay.
    """

    def sample(n: int, generator: torch.Generator) -> Tensor:
        square, rest = box(n, generator).tensor_split([2], dim=1)
        return torch.cat([_direction(square), rest], dim=1)

    return sample


def _direction(square: Tensor) -> Tensor:
    """Map points of the unit square (n, 2) to the unit sphere (n, 3)."""
    u, v = square.unbind(1)
    # 1 - c^2, without cancellation at the poles.
    s, angle = 2 * (u * (1 - u)).sqrt(), 2 * math.pi * v
    return torch.stack([s * angle.cos(), s * angle.sin(), 1 - 2 * u], dim=1)


def initial_slice(sampler_of_x: Sampler, t0: float = 0.0) -> Sampler:
    """Return a sampler of points (x, t0), from a sampler of x with d columns."""

    def sample(n: int, generator: torch.Generator) -> Tensor:
        x = sampler_of_x(n, generator)
        return torch.cat([x, x.new_full((n, 1), t0)], dim=1)

    return sample


def corners(
    name: str, low: Sequence[float], high: Sequence[float]
) -> Callable[[torch.device, torch.dtype], list[Tensor]]:
    """Return the lower corner and the sides as tensors, kept on their device.

    Copying them at every step would stop a GPU.

    Args:
        name: Of the function that errors name.
        low: Lower corner.
        high: Upper corner.

    Raises:
        ValueError: The corners differ in length, or a side is not positive and finite.
    """
    sides = _sides(name, low, high)

    @cache
    def corner(device: torch.device, dtype: torch.dtype) -> list[Tensor]:
        return [torch.tensor(v, device=device, dtype=dtype) for v in (low, sides)]

    return corner


def _sides(name: str, low: Sequence[float], high: Sequence[float]) -> list[float]:
    """Return the sides of a box; raise ``ValueError`` if it is none."""
    sides = [b - a for a, b in zip(low, high, strict=False)]
    if len(low) != len(high) or not all(0 < side < float("inf") for side in sides):
        raise ValueError(
            f"{name}: low and high must have the same length and low < high in "
            f"every entry, got low={tuple(low)} and high={tuple(high)}."
        )
    return sides


def checked_points(sampler: Sampler, n: int, generator: torch.Generator) -> Tensor:
    """Draw n points, detached; a ValueError tells what is wrong with a sampler."""
    points = sampler(n, generator).detach()
    if points.ndim != 2 or len(points) != n:
        raise ValueError(
            f"sampler: must return points of the shape (n, d+1) with n = {n}, got "
            f"{tuple(points.shape)}."
        )
    if points.device.type != generator.device.type:
        raise ValueError(
            f"sampler: must draw on the generator's device {generator.device}, got "
            f"{points.device}. Pass device=generator.device."
        )
    return points
