r"""Gauss's rules inside and around geometries of DeepXDE.

.. math:: \int_\Omega f\,dx \approx \sum_q w_q f(x_q), \qquad
    \oint_{\partial\Omega} F\cdot n\,dS \approx \sum_q w_q\,F(x_q)\cdot n_q

Legendre's nodes along the axes of boxes, along radii and in the cosine of the polar
angle; equal angles around: for smooth functions the error falls faster than any power
of the number of nodes.
"""

from __future__ import annotations

import math
from typing import Any

import deepxde as dde
import numpy as np
import torch
from torch import Tensor

__all__ = ["NODES", "boundary_rule", "inside_rule"]

NODES = 32
"""Nodes per axis: round-off for a field of a few waves in the domain."""


def inside_rule(geometry: Any, nodes: int = NODES) -> tuple[Tensor, Tensor]:
    """Return points (Q, d) and weights (Q,) of a rule inside, in float64.

    Args:
        geometry: An interval, rectangle, cuboid, hypercube, disk or sphere of DeepXDE,
            with or without time.
        nodes: Nodes per axis, radius or half turn.

    Raises:
        ValueError: Another geometry, or no nodes.
    """
    shape = _shape(geometry)
    _check_nodes(nodes)
    if isinstance(shape, dde.geometry.geometry_nd.Hypersphere):
        radius, weight = _legendre(0.0, float(shape.radius), nodes)
        directions, angles = _sphere(shape.dim, nodes)
        points = radius[:, None, None] * directions
        weights = (weight * radius ** (shape.dim - 1))[:, None] * angles
        return points.reshape(-1, shape.dim) + _vector(shape.center), weights.flatten()
    return _box_rule(*_corners(shape), nodes)


def boundary_rule(geometry: Any, nodes: int = NODES) -> tuple[Tensor, Tensor, Tensor]:
    """Return points, outer unit normals, each (Q, d), and weights (Q,) of a rule.

    Args:
        geometry: As for ``inside_rule``.
        nodes: As for ``inside_rule``.

    Raises:
        ValueError: Another geometry, or no nodes.
    """
    shape = _shape(geometry)
    _check_nodes(nodes)
    if isinstance(shape, dde.geometry.geometry_nd.Hypersphere):
        normals, angles = _sphere(shape.dim, nodes)
        points = _vector(shape.center) + shape.radius * normals
        return points, normals, angles * shape.radius ** (shape.dim - 1)
    low, high = _corners(shape)
    faces = [
        _face(low, high, axis, side, nodes)
        for axis in range(len(low))
        for side in (low, high)
    ]
    points, normals, weights = (torch.cat(part) for part in zip(*faces, strict=True))
    return points, normals, weights


def _face(
    low: Tensor, high: Tensor, axis: int, side: Tensor, nodes: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the rule of one face of a box, with its outer normal."""
    rest = [i for i in range(len(low)) if i != axis]
    inner, weights = _box_rule(low[rest], high[rest], nodes)
    points = side.repeat(len(weights), 1)
    points[:, rest] = inner
    normals = torch.zeros_like(points)
    normals[:, axis] = 1.0 if side is high else -1.0
    return points, normals, weights


def _box_rule(low: Tensor, high: Tensor, nodes: int) -> tuple[Tensor, Tensor]:
    """Return the product rule of a box; of a box without axes one point of weight 1."""
    points, weights = torch.zeros(1, 0, dtype=torch.float64), low.new_ones(1)
    for left, right in zip(low.tolist(), high.tolist(), strict=True):
        x, w = _legendre(left, right, nodes)
        before = points.repeat_interleave(len(x), dim=0)
        points = torch.cat([before, x.repeat(len(points))[:, None]], dim=1)
        weights = (weights[:, None] * w).flatten()
    return points, weights


def _sphere(dim: int, nodes: int) -> tuple[Tensor, Tensor]:
    """Return points on the unit circle or sphere and weights of the sum of its area."""
    angle = math.pi * torch.arange(2 * nodes, dtype=torch.float64) / nodes
    circle = torch.stack([angle.cos(), angle.sin()], dim=1)
    share = torch.full_like(angle, math.pi / nodes)
    if dim == 2:
        return circle, share
    c, weight = _legendre(-1.0, 1.0, nodes)
    s = (1 - c.square()).sqrt()
    height = c[:, None, None].expand(-1, len(angle), 1)
    points = torch.cat([s[:, None, None] * circle, height], dim=2)
    return points.reshape(-1, 3), (weight[:, None] * share).flatten()


def _legendre(left: float, right: float, nodes: int) -> tuple[Tensor, Tensor]:
    """Return Gauss-Legendre nodes and weights of an interval."""
    x, w = map(torch.as_tensor, np.polynomial.legendre.leggauss(nodes))
    half = (right - left) / 2
    return left + half * (x + 1), half * w


def _vector(values: Any) -> Tensor:
    return torch.as_tensor(np.asarray(values, dtype=float))


def _corners(shape: Any) -> tuple[Tensor, Tensor]:
    """Return the lower and the upper corner of a box, each (d,)."""
    if isinstance(shape, dde.geometry.Interval):
        return _vector([shape.l]), _vector([shape.r])
    return _vector(shape.xmin), _vector(shape.xmax)


def _shape(geometry: Any) -> Any:
    """Return the space of a geometry, if there is a rule for it."""
    if isinstance(geometry, dde.geometry.GeometryXTime):
        geometry = geometry.geometry
    nd = dde.geometry.geometry_nd
    is_box = isinstance(geometry, dde.geometry.Interval | nd.Hypercube)
    is_ball = isinstance(geometry, nd.Hypersphere) and geometry.dim in (2, 3)
    if not is_box and not is_ball:
        raise ValueError(
            "domain: must be an interval, rectangle, cuboid, hypercube, disk or sphere "
            f"of dde.geometry, got {type(geometry).__name__}. Pass the points (Q, d) "
            "and weights (Q,) of a rule of your own."
        )
    return geometry


def _check_nodes(nodes: int) -> None:
    if nodes < 1:
        raise ValueError(f"nodes: must be at least 1, got {nodes!r}. Use {NODES}.")
