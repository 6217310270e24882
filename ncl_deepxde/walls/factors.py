r"""Functions that vanish on one smooth piece of a wall, to first order.

Each is a length: zero on its piece with a gradient of 1 there, positive inside,
negative beyond, smooth. ``size`` is about its largest value, in the same unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["Ellipsoid", "Factor", "HalfSpace", "Inside", "Outside", "Slab"]


class Factor(Protocol):
    """A function (N, d) -> (N, 1) with the length of its values."""

    @property
    def size(self) -> float:
        """About the largest value inside."""

    def __call__(self, x: Tensor) -> Tensor:
        """Return the values, (N, 1), at points (N, d)."""


@dataclass(frozen=True)
class HalfSpace:
    r"""The distance :math:`n\cdot(x - p)` from a plane, positive where n points.

    Attributes:
        point: A point p of the plane, d numbers.
        normal: Unit normal n, d numbers.
        size: Largest distance in the domain.
    """

    point: tuple[float, ...]
    normal: tuple[float, ...]
    size: float

    def __call__(self, x: Tensor) -> Tensor:
        """Return the distance, (N, 1)."""
        offset = x - x.new_tensor(self.point)
        return (offset * x.new_tensor(self.normal)).sum(dim=1, keepdim=True)


@dataclass(frozen=True)
class Slab:
    r"""Between two planes: :math:`(x_i - l)(r - x_i)/(r - l)`.

    Attributes:
        axis: Number i of the coordinate.
        left: :math:`l`.
        right: :math:`r`.
    """

    axis: int
    left: float
    right: float

    @property
    def size(self) -> float:
        """A quarter of the width."""
        return (self.right - self.left) / 4

    def __call__(self, x: Tensor) -> Tensor:
        """Return the product of both distances by the width, (N, 1)."""
        s = x[:, self.axis : self.axis + 1]
        return (s - self.left) * ((self.right - s) / (self.right - self.left))


@dataclass(frozen=True)
class Inside:
    r"""Inside a sphere: :math:`(R^2 - r^2)/(2R)`.

    Attributes:
        center: Center, d numbers.
        radius: :math:`R`.
    """

    center: tuple[float, ...]
    radius: float

    @property
    def size(self) -> float:
        """The value in the center."""
        return self.radius / 2

    def __call__(self, x: Tensor) -> Tensor:
        """Return the values, (N, 1)."""
        s = (x - x.new_tensor(self.center)) / self.radius
        return self.radius * (1 - s.square().sum(dim=1, keepdim=True)) / 2


@dataclass(frozen=True)
class Outside:
    r"""Outside a sphere, bounded: :math:`R\,(r^2 - R^2)/(r^2 + R^2)`.

    Far away it is :math:`R`, as the factor :math:`1 - R^2/r^2` of the potential flow
    around a cylinder is 1.

    Attributes:
        ball: The sphere.
    """

    ball: Inside

    @property
    def size(self) -> float:
        """The value far away."""
        return self.ball.radius

    def __call__(self, x: Tensor) -> Tensor:
        """Return the values, (N, 1)."""
        s = (x - x.new_tensor(self.ball.center)) / self.ball.radius
        square = s.square().sum(dim=1, keepdim=True)
        return self.ball.radius * (square - 1) / (square + 1)


@dataclass(frozen=True)
class Ellipsoid:
    r"""Inside an ellipse, or outside.

    .. math:: f = \pm\frac{q}{\sqrt{|\nabla q|^2 + q^2/b^2}}, \qquad
        q = 1 - \frac{u^2}{a^2} - \frac{v^2}{b^2} ,

    with coordinates u, v along the axes; b in the center, -b far away.

    Attributes:
        center: Center, two numbers.
        axes: Unit vectors of u and v, two rows.
        semiaxes: :math:`a \ge b`.
        sign: 1 inside, -1 outside.
    """

    center: tuple[float, ...]
    axes: tuple[tuple[float, ...], ...]
    semiaxes: tuple[float, ...]
    sign: float = 1.0

    @property
    def size(self) -> float:
        """The smaller half axis."""
        return min(self.semiaxes)

    def __call__(self, x: Tensor) -> Tensor:
        """Return the values, (N, 1)."""
        a, b = x.new_tensor(self.semiaxes), self.size
        s = (x - x.new_tensor(self.center)) @ x.new_tensor(self.axes).T / a
        q = 1 - s.square().sum(dim=1, keepdim=True)
        slope = (2 * b * s / a).square().sum(dim=1, keepdim=True)
        return self.sign * b * q / torch.sqrt(slope + q.square())
