"""Random points of DeepXDE's geometries: inside, on the boundary, at the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import deepxde as dde
import torch
from deepxde.geometry.geometry import Geometry
from torch import Tensor

from ..random_numbers import numpy_seed
from .samplers import Sampler, initial_slice, kronecker_box

__all__ = [
    "PointFilter",
    "as_sampler",
    "boundary",
    "fixed",
    "initial",
    "interior",
    "listed",
    "numpy_sampler",
    "restricted",
]

PointFilter = Callable[[Tensor], Tensor]
"""Maps points (N, D) to truth values (N,): which of them are meant."""

BOXES = (dde.geometry.Rectangle, dde.geometry.Cuboid, dde.geometry.Hypercube)
INTERVALS = (dde.geometry.Interval, dde.geometry.TimeDomain)
# A part that holds no point in as many draws is taken for empty.
MOST_DRAWS = 1_000_000


def interior(geometry: Any, where: PointFilter | None = None) -> Sampler:
    """Return a sampler of a geometry, or of a geometry in time, time last.

    Intervals, boxes and times are filled evenly, as by ``kronecker_box``; points of
    other geometries are those of ``geometry.random_points`` by random numbers that the
    generator alone decides. NumPy's global generator stays as it is.

    Args:
        geometry: A ``dde.geometry.Geometry`` or a ``dde.geometry.GeometryXTime``.
        where: Maps points (N, D) to truth values (N,), which points to keep.

    Raises:
        ValueError: No geometry; in training, a part without points.

    Example:
        >>> disk = dde.geometry.Disk([0, 0], 1)
        >>> right = interior(disk, where=lambda x: x[:, 0] > 0)
        >>> right(5, torch.Generator().manual_seed(0)).shape
        torch.Size([5, 2])
    """
    space, time = _parts("interior", geometry)
    box = _box(space)
    if time is None:
        found = _inside(space)
    elif box is not None:
        low, high = box
        found = kronecker_box([*low, float(time.t0)], [*high, float(time.t1)])
    else:
        found = _in_time(_inside(space), time)
    return found if where is None else restricted(found, where, "where")


def boundary(geometry: Any, where: PointFilter | None = None) -> Sampler:
    """Return a sampler of the boundary of a geometry, at all times of a time domain.

    The points are those of ``geometry.random_boundary_points``, which for boxes puts as
    many on each pair of opposite sides.

    Args:
        geometry: A ``dde.geometry.Geometry`` or a ``dde.geometry.GeometryXTime``.
        where: Maps points (N, D) to truth values (N,), which points to keep, such as
            one side: ``lambda x: x[:, 0] == 0``.

    Raises:
        ValueError: No geometry; in training, a part without points.
    """
    space, time = _parts("boundary", geometry)
    found = _edge(space)
    if time is not None:
        found = _in_time(found, time)
    return found if where is None else restricted(found, where, "where")


def initial(geometry: Any, where: PointFilter | None = None) -> Sampler:
    """Return a sampler of a geometry in time at its first time.

    Args:
        geometry: A ``dde.geometry.GeometryXTime``.
        where: Maps points (N, D) to truth values (N,), which points to keep.

    Raises:
        ValueError: No geometry in time; in training, a part without points.
    """
    space, time = _parts("initial", geometry)
    if time is None:
        raise ValueError(
            "initial: geometry must be a dde.geometry.GeometryXTime, got "
            f"{type(geometry).__name__}, which has no time. Use interior or boundary."
        )
    found = initial_slice(_inside(space), float(time.t0))
    return found if where is None else restricted(found, where, "where")


def as_sampler(source: Any) -> Sampler:
    """Return a sampler as it is, and the interior of a geometry.

    Raises:
        ValueError: Neither of both.
    """
    if isinstance(source, (Geometry, dde.geometry.GeometryXTime)):
        return interior(source)
    if not callable(source):
        raise ValueError(
            "sampler: must be a function (n, generator) -> points, such as uniform_box "
            f"of ncl_deepxde.data, or a DeepXDE geometry, got {source!r}."
        )
    found: Sampler = source
    return found


def restricted(sampler: Sampler, where: PointFilter, name: str) -> Sampler:
    """Return a sampler of those points for which ``where`` holds.

    Args:
        sampler: Draws all points.
        where: Maps points (N, D) to truth values (N,).
        name: What to call ``where`` in errors.
    """

    def sample(n: int, generator: torch.Generator) -> Tensor:
        found: list[Tensor] = []
        drawn = hits = 0
        while hits < n:
            # Enough at the rate so far, with a margin; many where it is small.
            size = n - hits if not drawn else (n - hits) * (drawn + 1) // (hits + 1) + 8
            points = sampler(min(size, 10_000 + n), generator)
            kept = points[_truth(where, points, name)]
            found.append(kept)
            drawn, hits = drawn + len(points), hits + len(kept)
            if drawn >= MOST_DRAWS * max(hits, 1):
                raise ValueError(
                    f"{name}: must hold for some of the points, got none in {drawn}. "
                    "Points on a line or at a corner are never drawn: give them as a "
                    "dde.icbc.PointSetBC."
                )
        return torch.cat(found)[:n]

    return sample


def numpy_sampler(draw: Callable[[int], Any]) -> Sampler:
    """Return a sampler of a function that draws by NumPy's global generator."""

    def sample(n: int, generator: torch.Generator) -> Tensor:
        device = generator.device
        seed = torch.randint(2**31, (1,), generator=generator, device=device)
        with numpy_seed(int(seed)):
            points = draw(n)
        real = dde.config.real(torch)
        return torch.as_tensor(points, dtype=real, device=generator.device)

    return sample


def _truth(where: PointFilter, points: Tensor, name: str) -> Tensor:
    mask = where(points)
    is_mask = isinstance(mask, Tensor) and mask.dtype == torch.bool
    if not is_mask or mask.shape != (len(points),):
        got = tuple(mask.shape) if isinstance(mask, Tensor) else type(mask).__name__
        raise ValueError(
            f"{name}: must return truth values of the shape (N,) = ({len(points)},) "
            f"for points {tuple(points.shape)}, got {got}. Use a column of all points, "
            "as in lambda x: x[:, 0] > 0."
        )
    return mask


def _parts(name: str, geometry: Any) -> tuple[Any, Any]:
    """Return the geometry in space, and the time domain or None."""
    if isinstance(geometry, dde.geometry.GeometryXTime):
        return geometry.geometry, geometry.timedomain
    if not isinstance(geometry, Geometry):
        raise ValueError(
            f"{name}: geometry must be a dde.geometry.Geometry or GeometryXTime, got "
            f"{type(geometry).__name__}."
        )
    return geometry, None


def _box(space: Any) -> tuple[list[float], list[float]] | None:
    if type(space) in INTERVALS:
        return [float(space.l)], [float(space.r)]
    if type(space) in BOXES:
        return [float(a) for a in space.xmin], [float(b) for b in space.xmax]
    return None


def _inside(space: Any) -> Sampler:
    box = _box(space)
    if box is not None:
        return kronecker_box(*box)
    if isinstance(space, dde.geometry.PointCloud):
        return listed(space.points)
    return numpy_sampler(lambda n: space.random_points(n, random="pseudo"))


def _edge(space: Any) -> Sampler:
    if isinstance(space, dde.geometry.PointCloud):
        if space.boundary_points is None:
            raise ValueError(
                "boundary: geometry must have a boundary, got a PointCloud without. "
                "Build it with boundary_points=..."
            )
        return listed(space.boundary_points)
    return numpy_sampler(lambda n: space.random_boundary_points(n, random="pseudo"))


def fixed(points: Any) -> Sampler:
    """Return a sampler of given points: always all of them, whatever is asked for."""

    def sample(n: int, generator: torch.Generator) -> Tensor:
        real = dde.config.real(torch)
        return torch.as_tensor(points, dtype=real, device=generator.device)

    return sample


def listed(points: Any) -> Sampler:
    """Return a sampler of given points: each as often as another, or once more.

    A ``PointCloud`` itself goes through its points in an order of its own.
    """
    count, every = len(points), fixed(points)

    def sample(n: int, generator: torch.Generator) -> Tensor:
        device = generator.device
        order = torch.randperm(count, generator=generator, device=device)
        return every(n, generator)[order[torch.arange(n, device=device) % count]]

    return sample


def _in_time(sampler: Sampler, time: Any) -> Sampler:
    times = kronecker_box([float(time.t0)], [float(time.t1)])

    def sample(n: int, generator: torch.Generator) -> Tensor:
        return torch.cat([sampler(n, generator), times(n, generator)], dim=1)

    return sample
