r"""Functions that are 1 on one part of a wall and 0 on the others.

With a wall function :math:`w_k` of each of K connected parts :math:`\Gamma_k`,

.. math:: \varphi_k = \frac{\prod_{j \ne k} w_j^p}{\sum_i \prod_{j \ne i} w_j^p} ,
    \qquad \varphi_k = \delta_{kj} \text{ on } \Gamma_j, \quad
    \sum_k \varphi_k = 1 .

On the wall :math:`\nabla\varphi_k` is normal for :math:`p = 1` and vanishes for
:math:`p = 2`: a stream function :math:`\sum_k c_k \varphi_k` has :math:`u\cdot n = 0`,
or :math:`u = 0`, there, and the flux :math:`c_k - c_j` between two parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from .start_and_wall import Wall, shaped

__all__ = ["Blending"]

# Part of its largest value that a wall function may have at a point on the wall.
OFF = 1e-5


@dataclass(frozen=True)
class Blending:
    """The functions of the parts of a wall, (N, 2) -> (N, K).

    Attributes:
        wall: Wall with its ``components``, K of them.
        power: The exponent p.

    Raises:
        ValueError: Points of the wall that are not on one part of it each, or a part
            without points.
    """

    wall: Wall
    power: int

    def __post_init__(self) -> None:
        x, is_on = self.wall.surface()[0], self.owners()
        if not bool((is_on.sum(dim=1) == 1).all() and is_on.any(dim=0).all()):
            counts = is_on.sum(dim=0).tolist()
            raise ValueError(
                "wall: each of its points must be on one of its components, and each "
                f"component have points, got {counts} of {len(x)} points on the "
                f"{len(counts)} components. Give Wall(function, points, components) "
                "with one function for each connected part of the wall."
            )

    def __call__(self, x: Tensor) -> Tensor:
        """Return the functions, (N, K), at points (N, 2)."""
        w = self._functions(x) / self._size
        # In units of the nearest part's: a product of all others would underflow.
        nearest = w.abs().argmin(dim=1, keepdim=True)
        is_nearest = torch.arange(w.shape[1], device=w.device) == nearest
        one = torch.ones_like(w)
        share = w.gather(1, nearest) / torch.where(is_nearest, one, w)
        share = torch.where(is_nearest, one, share) ** self.power
        return share / share.sum(dim=1, keepdim=True)

    def owners(self) -> Tensor:
        """Return which part the points of the wall are on, booleans (N, K)."""
        values = self._functions(self.wall.surface()[0]).abs()
        return values <= OFF * values.amax(dim=0)

    def examples(self) -> str:
        """Return a point on each part, for messages."""
        x, owner = self.wall.surface()[0], self.owners().double().argmax(dim=1)
        points = [x[owner == k][0] for k in range(len(self.wall.components))]
        return ", ".join(f"({float(p[0]):.3g}, {float(p[1]):.3g})" for p in points)

    def _functions(self, x: Tensor) -> Tensor:
        found = [
            shaped("components of wall", component(x), (len(x), 1))
            for component in self.wall.components
        ]
        return torch.cat(found, dim=1)

    @cached_property
    def _size(self) -> float:
        """Return the extent of the wall, so that units do not matter."""
        points = self.wall.points.detach()
        return float((points.amax(dim=0) - points.amin(dim=0)).max())
