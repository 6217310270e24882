r"""Functions of regions joined to functions of their union, intersection, product.

.. math:: u \vee v = u + v + \sqrt{u^2 + v^2}, \qquad u \wedge v = u + v -
    \sqrt{u^2 + v^2}

are Rvachev's: positive in the union, in the intersection, with the gradient of u where
u = 0 < \|v\|, smooth but where u = v = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from .factors import Factor

__all__ = ["Joined", "Negative", "Product"]


@dataclass(frozen=True)
class Joined:
    """Union or intersection of regions, positive inside, negative outside.

    Attributes:
        parts: Functions of the regions.
        union: Whether it is the union, else the intersection.
    """

    parts: tuple[Factor, ...]
    union: bool

    @property
    def size(self) -> float:
        """Size of the largest part in a union, of the smallest in an intersection."""
        sizes = [part.size for part in self.parts]
        return max(sizes) if self.union else min(sizes)

    def __call__(self, x: Tensor) -> Tensor:
        """Return the values, (N, 1)."""
        return reduce(self._two, [part(x) for part in self.parts])

    def _two(self, u: Tensor, v: Tensor) -> Tensor:
        square = u.square() + v.square()
        corner = square == 0
        root = torch.sqrt(torch.where(corner, 1, square))
        root = torch.where(corner, 0, root)
        # Where both have the other sign than the root, the sum would cancel.
        sign = 1.0 if self.union else -1.0
        cancels = (sign * u < 0) & (sign * v < 0)
        divisor = torch.where(cancels, u + v - sign * root, 1)
        return torch.where(cancels, 2 * u * v / divisor, u + v + sign * root)


@dataclass(frozen=True)
class Negative:
    """The complement of a region.

    Attributes:
        part: Function of the region.
    """

    part: Factor

    @property
    def size(self) -> float:
        """Size of the region's function."""
        return self.part.size

    def __call__(self, x: Tensor) -> Tensor:
        """Return the values, (N, 1)."""
        return -self.part(x)


@dataclass(frozen=True)
class Product:
    r"""The wall function :math:`w = c\,\prod_k f_k/\ell_k`, a length.

    Attributes:
        factors: Functions of the pieces of the wall, with sizes :math:`\ell_k`.
        scale: Length :math:`c`.
    """

    factors: tuple[Factor, ...]
    scale: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        """Return w, (N, 1), at points (N, d)."""
        terms = [factor(x) / factor.size for factor in self.factors]
        return self.scale * reduce(torch.mul, terms)
