"""What a DeepXDE script says of its points and conditions, for fresh points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import deepxde as dde
import numpy as np
import torch
from deepxde.utils import get_num_args
from torch import Tensor

from .geometries import boundary, fixed, initial, interior, listed
from .icbc import POINT_SETS, as_condition
from .samplers import Sampler
from .terms import SoftCondition

__all__ = ["FreshScript", "script_of"]

MOST_DOMAIN_POINTS = 600
MOST_BC_POINTS = 400


@dataclass(frozen=True)
class FreshScript:
    """Points and conditions of a step.

    Attributes:
        sampler: Draws the points of the equation.
        num_domain: How many.
        conditions: With the number of their points.
    """

    sampler: Sampler
    num_domain: int
    conditions: list[SoftCondition]


def script_of(
    data: Any, num_domain: int | None = None, num_bc_points: int | None = None
) -> FreshScript:
    """Return what data of DeepXDE train on.

    Args:
        data: A ``dde.data.PDE`` or ``dde.data.TimePDE``.
        num_domain: As for ``Collocation.from_pde``.
        num_bc_points: As for ``Collocation.from_pde``.

    Raises:
        ValueError: As for ``Collocation.from_pde``.
    """
    _check(data)
    parts = _parts(data)
    count = sum(parts)
    if num_domain is None:
        num_domain = min(count, MOST_DOMAIN_POINTS)
    return FreshScript(
        _sampler(data, parts), num_domain, _conditions(data, num_bc_points)
    )


def _check(data: Any) -> None:
    kind = type(data).__name__
    if type(data) not in (dde.data.PDE, dde.data.TimePDE):
        raise ValueError(
            "from_pde: data must be a dde.data.PDE or dde.data.TimePDE, got a "
            f"{kind}. Keep it as it is: Adam, L-BFGS and, where its losses are mean "
            "squares at points, GaussNewton train on it."
        )
    if data.auxiliary_var_fn is not None or (data.pde and get_num_args(data.pde) != 2):
        raise ValueError(
            "from_pde: data must have a pde of inputs and outputs alone, got one with "
            "auxiliary variables, which belong to fixed points. Compute them in pde, "
            "or keep the data as they are."
        )
    if data.pde is None:
        raise ValueError(
            f"from_pde: data must have an equation, got a {kind} with pde=None. Give "
            "its conditions to Observations, or keep the data as they are."
        )
    if data.exclusions is not None:
        raise ValueError(
            f"from_pde: exclusions must be None, got {len(data.exclusions)} points, "
            "which random points never meet. Leave exclusions out."
        )


def _parts(data: Any) -> list[int]:
    """Return how many points are inside, on the boundary, at the start, anchors."""
    anchors = 0 if data.anchors is None else len(data.anchors)
    starts = data.num_initial if isinstance(data, dde.data.TimePDE) else 0
    parts = [data.num_domain, data.num_boundary, starts, anchors]
    if data.train_x_all is data.anchors:  # after data.replace_with_anchors
        parts[:3] = 0, 0, 0
    if not sum(parts):
        raise ValueError(
            "from_pde: data must have points of the equation, got none. Give "
            "num_domain, num_boundary, num_initial or anchors."
        )
    return parts


def _sampler(data: Any, parts: Sequence[int]) -> Sampler:
    """Return a sampler of points in the proportions of the script."""
    of_geometry = (interior, boundary, initial)
    samplers = [
        make(data.geom) if part else None
        for make, part in zip(of_geometry, parts, strict=False)
    ]
    if parts[3]:
        samplers.append(_some_of(data.anchors))
    pairs = [(s, part) for s, part in zip(samplers, parts, strict=False) if s]
    if len(pairs) == 1:
        return pairs[0][0]

    def sample(n: int, generator: torch.Generator) -> Tensor:
        sizes = proportional(n, [part for _, part in pairs])
        drawn = zip(pairs, sizes, strict=True)
        return torch.cat([s(size, generator) for (s, _), size in drawn if size])

    return sample


def _some_of(points: Any) -> Sampler:
    """Return a sampler of given points: all, in their order, where the number fits."""
    every, some = fixed(points), listed(points)

    def sample(n: int, generator: torch.Generator) -> Tensor:
        return (every if n == len(points) else some)(n, generator)

    return sample


def proportional(total: int, parts: Sequence[int]) -> list[int]:
    """Divide a number in the proportions of parts, to the nearest whole numbers.

    >>> proportional(10, [1, 1, 4])
    [2, 1, 7]
    """
    ends = np.cumsum(parts)
    cuts = np.floor(total * ends / ends[-1] + 0.5).astype(int)
    found: list[int] = np.diff(cuts, prepend=0).tolist()
    return found


def _conditions(data: Any, num_bc_points: int | None) -> list[SoftCondition]:
    """Return the conditions, with the numbers of points that the script has."""
    found = [_points_of(bc, data.train_x_all) for bc in data.bcs]
    numbers = [len(points) for points in found]
    total = sum(numbers)
    limit = min(total, MOST_BC_POINTS) if num_bc_points is None else num_bc_points
    kinds = [type(bc).__name__ for bc in data.bcs]
    conditions = []
    for i, (bc, number) in enumerate(zip(data.bcs, numbers, strict=True)):
        name = f"{kinds[i]} {i + 1}"
        if not number:
            raise ValueError(
                f"from_pde: {name!r} must have points, got none. Raise num_boundary or "
                "num_initial, or correct its on_boundary or on_initial."
            )
        size = max(1, round(number * limit / total))
        conditions.append(as_condition(bc, size, name=name, fallback=found[i]))
    return conditions


def _points_of(bc: Any, points: Any) -> Any:
    """Return the points of a condition in a script, one of each pair."""
    if type(bc) in POINT_SETS:
        # Its own method would go on to the next batch.
        return bc.points[: bc.batch_size]
    found = bc.collocation_points(points)
    return found[: len(found) // 2] if type(bc) is dde.icbc.PeriodicBC else found
