r"""A density of points in a box, learned from where a fit is uncertain.

A least-squares fit with P parameters to N points is determined by the leverages of the
points,

.. math:: \ell_i = J_i\, (J^T J + \mu I)^{-1} J_i^T , \qquad \sum_i \ell_i \le P .

Uniform points leave those with a large leverage too few neighbours: there the fit
learns the points by heart. Points with a density :math:`p` proportional to the
leverage, and weights :math:`1 / p`, need fewest. Here :math:`p` is constant in cells,

.. math:: p = \tfrac12 + \tfrac12\, \frac{\ell(\text{cell})}{\sum \ell} \cdot
    \text{number of cells},

relative to the uniform one, so that no weight exceeds two. Evenly spread points
:math:`u` of the box are moved to it axis by axis, last axis first, by the inverse of
the conditional distributions: points that are evenly spread stay so.

References:
    A. Cohen, G. Migliorati, Optimal weighted least-squares methods (SMAI J. Comput.
    Math. 2017), https://arxiv.org/abs/1608.00512: the density and the weights.
    B. Adcock, J. M. Cardenas, N. Dexter, CAS4DL: Christoffel adaptive sampling for
    function approximation via deep learning (2022), https://arxiv.org/abs/2208.12190.
    M. Rosenblatt, Remarks on a multivariate transformation (Ann. Math. Stat. 1952).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .samplers import corners

__all__ = ["MOST_AXES", "PointDensity"]

CELLS = 1000
# With fewer cells along an axis they tell too little.
LEAST_PER_AXIS = 5
MOST_AXES = 4
UNIFORM_SHARE = 0.5
# Share of the last step in the leverages of a cell, which few points tell.
NEWEST = 0.2


class PointDensity:
    """A piecewise constant density in a box, uniform at first.

    Args:
        low: Lower corner, D numbers.
        high: Upper corner.

    Attributes:
        leverages: Mean leverage per cell, (n, ..., n) with D axes, in float64; none
            before the first are learned.

    Raises:
        ValueError: No box, or more than ``MOST_AXES`` axes.
    """

    def __init__(self, low: Sequence[float], high: Sequence[float]) -> None:
        axes = len(low)
        if axes > MOST_AXES:
            raise ValueError(
                f"PointDensity: at most {MOST_AXES} axes can be cut into cells, got "
                f"{axes}."
            )
        count = max(LEAST_PER_AXIS, round(CELLS ** (1 / axes)))
        self._corner = corners("PointDensity", low, high)
        self._shape = (count,) * axes
        self.leverages: Tensor | None = None

    def move(self, points: Tensor) -> Tensor:
        """Return points (N, D) of this density, from uniform ones of the box."""
        p = self._density(points.device)
        if p is None:
            return points
        unit, count = self._unit(points), self._shape[0]
        columns: list[Tensor] = []
        # Which of the cells of the later axes a point lies in.
        later = torch.zeros(len(points), dtype=torch.long, device=points.device)
        for axis in reversed(range(unit.shape[1])):
            marginal = p.sum(dim=tuple(range(axis))) if axis else p
            masses = marginal.reshape(count, -1)[:, later]
            u, cell = _inverse(masses, unit[:, axis])
            later = later + cell * count ** len(columns)
            columns = [u, *columns]
        low, side = self._corner(points.device, points.dtype)
        return low + side * torch.stack(columns, dim=1).to(points.dtype)

    def weights(self, points: Tensor) -> Tensor:
        r"""Return :math:`1 / p`, (N,), at points (N, D): means with it are uniform."""
        p = self._density(points.device)
        if p is None:
            return torch.ones_like(points[:, 0])
        found: Tensor = (1 / p[self._cells(points)]).to(points.dtype)
        return found

    def learn(self, points: Tensor, leverages: Tensor) -> None:
        """Take in the leverages (N,) of points (N, D), each with its weight."""
        size = torch.zeros(self._shape, dtype=torch.float64, device=points.device)
        new = size.index_put(self._cells(points), leverages.double(), accumulate=True)
        if not torch.isfinite(new).all() or not new.sum() > 0:
            return
        new = new / new.mean()
        old = torch.ones_like(new) if self.leverages is None else self.leverages
        self.leverages = torch.lerp(old.to(new), new, NEWEST)

    def _density(self, device: torch.device) -> Tensor | None:
        if self.leverages is None:
            return None
        share = self.leverages / self.leverages.mean()
        return (UNIFORM_SHARE + (1 - UNIFORM_SHARE) * share).to(device)

    def _unit(self, points: Tensor) -> Tensor:
        low, side = self._corner(points.device, points.dtype)
        return ((points - low) / side).double().clamp(0, 1)

    def _cells(self, points: Tensor) -> tuple[Tensor, ...]:
        scaled = self._unit(points) * self._shape[0]
        found: tuple[Tensor, ...]
        found = scaled.long().clamp(max=self._shape[0] - 1).unbind(1)
        return found


def _inverse(densities: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """Return where distributions on [0, 1] reach levels, and in which cells.

    Args:
        densities: Piecewise constant, (n, N), one distribution per level.
        u: The levels, (N,).
    """
    masses = (densities / densities.sum(dim=0)).T.contiguous()
    edges = torch.nn.functional.pad(masses.cumsum(dim=1), (1, 0))
    right = torch.searchsorted(edges, u[:, None].contiguous(), right=True)
    cell = (right - 1).clamp(0, len(densities) - 1)
    inside = (u[:, None] - edges.gather(1, cell)) / masses.gather(1, cell)
    found = (cell + inside.clamp(0, 1)) / len(densities)
    return found[:, 0], cell[:, 0]
