"""Random points in space and time, drawn on the device of a generator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import torch

Sampler = Callable[[int, torch.Generator], torch.Tensor]
"""Draws n points (n, d+1), time last, on the generator's device."""


def uniform_box(low: Sequence[float], high: Sequence[float]) -> Sampler:
    """Return a sampler that is uniform on the box `low <= x < high`.

    Args:
        low: lower corner, one number per column of the points, time last.
        high: upper corner.

    Raises:
        ValueError: the corners differ in length, or a side is not positive and finite.
    """
    sides = [b - a for a, b in zip(low, high, strict=False)]
    if len(low) != len(high) or not all(0 < side < float("inf") for side in sides):
        raise ValueError(
            "uniform_box: low and high must have the same length and low < high in "
            f"every entry, got low={tuple(low)} and high={tuple(high)}."
        )

    # Kept on the device: copying the corners at every step would stop a GPU.
    @cache
    def corner(device: torch.device, dtype: torch.dtype) -> list[torch.Tensor]:
        return [torch.tensor(v, device=device, dtype=dtype) for v in (low, sides)]

    def sample(n: int, generator: torch.Generator) -> torch.Tensor:
        shape = (n, len(sides))
        points = torch.rand(shape, generator=generator, device=generator.device)
        start, side = corner(points.device, points.dtype)
        return torch.addcmul(start, points, side)

    return sample


def initial_slice(sampler_of_x: Sampler, t0: float = 0.0) -> Sampler:
    """Return a sampler of points (x, t0), from a sampler of x with d columns."""

    def sample(n: int, generator: torch.Generator) -> torch.Tensor:
        x = sampler_of_x(n, generator)
        return torch.cat([x, x.new_full((n, 1), t0)], dim=1)

    return sample


def checked_points(
    sampler: Sampler, n: int, generator: torch.Generator
) -> torch.Tensor:
    """Draw n points, detached; a ValueError tells what is wrong with a sampler."""
    points = sampler(n, generator).detach()
    if points.ndim != 2 or len(points) != n:
        raise ValueError(
            f"Collocation: a sampler must return points of the shape (n, d+1) with "
            f"n = {n}, got {tuple(points.shape)}."
        )
    if points.device.type != generator.device.type:
        raise ValueError(
            f"Collocation: a sampler must draw on the generator's device "
            f"{generator.device}, got {points.device}. Pass device=generator.device."
        )
    return points
