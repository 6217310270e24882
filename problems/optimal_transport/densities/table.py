"""A mixture of thousands of Gaussians on the plane, read off a table."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array

from .mixture import Density, GaussianMixture

__all__ = ["TabulatedMixture", "tabulated"]

# A table costs as much per point as some hundred Gaussians.
FEW = 100
NODES_PER_STD = 10
REACH = 6.0
LARGEST = 2048


class TabulatedMixture:
    r"""A mixture on the plane whose density is interpolated, fast for large K.

    Isotropic Gaussians are products over the axes, so that the density at all nodes
    :math:`(\xi_i, \eta_j)` of a grid is one matrix product,

    .. math:: \rho(\xi_i, \eta_j) = \sum_k w_k\, \mathcal N(\xi_i;\, c_{k1}, \sigma_k^2)
        \, \mathcal N(\eta_j;\, c_{k2}, \sigma_k^2) .

    Between the nodes it is cubic in each coordinate, with an error of at most
    :math:`\tfrac{3}{128} h^4 \max|\partial^4\rho|` for each coordinate. Outside of the
    grid, at least :math:`6\sigma` from all centers, it is 0.

    Args:
        exact: The mixture.
        axes: Equidistant nodes along both axes, (n,) each, with the same spacing.

    Attributes:
        dim: Number of space dimensions, 2.
        mixture: The mixture that samples are drawn from.
    """

    dim = 2

    def __init__(self, exact: GaussianMixture, axes: tuple[Array, Array]) -> None:
        # A copy normalizes the weights once more: earlier results stay, bit by bit.
        self.mixture = GaussianMixture(exact.centers, exact.std, exact.weights)
        self.axes = axes
        centers = self.mixture.centers.T
        bells = [self._bell(axis, c) for axis, c in zip(axes, centers, strict=True)]
        self._values = (bells[0] * self.mixture.weights) @ bells[1].T
        self._nodes = cache(self._constant)

    def density(self, x: Tensor) -> Tensor:
        r"""Evaluate :math:`\rho`, (N, 1), at points (N, 2)."""
        values, low, step = self._nodes(x.dtype, x.device)
        place = (x - low) / step
        cell = place.floor().clamp(min=1)
        cell = torch.minimum(cell, torch.tensor(values.shape, device=x.device) - 3)
        weights = _cubic(place - cell)
        nodes = cell.long()[:, :, None] + torch.arange(-1, 3, device=x.device)
        near = values[nodes[:, 0, :, None], nodes[:, 1, None, :]]
        rho = torch.einsum("nij,ni,nj->n", near, *weights.unbind(1))
        is_outside = ((place - cell - 0.5).abs() > 1.5).any(dim=1)
        return rho.clamp(min=0).masked_fill(is_outside, 0)[:, None]

    def log_density(self, x: Tensor) -> Tensor:
        r"""Evaluate :math:`\log\rho`, (N, 1), with the least normal number for 0."""
        return self.density(x).clamp(min=torch.finfo(x.dtype).tiny).log()

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw n points, (n, 2), from the mixture itself."""
        return self.mixture.sample(n, generator)

    def _bell(self, axis: Array, c: Array) -> Array:
        """Evaluate the Gaussians of one coordinate at the nodes of its axis, (n, K)."""
        std = self.mixture.std
        z = (axis[:, None] - c) / std
        bell: Array = np.exp(-z * z / 2) / (np.sqrt(2 * np.pi) * std)
        return bell

    def _constant(
        self, dtype: torch.dtype, device: torch.device
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Copy values at the nodes, the first node, (2,), and their spacing."""
        low = np.array([axis[0] for axis in self.axes])
        step = self.axes[0][1] - self.axes[0][0]
        found = [
            torch.as_tensor(v).to(device, dtype) for v in (self._values, low, step)
        ]
        return found[0], found[1], found[2]


def tabulated(rho: GaussianMixture) -> Density:
    """Return the same density in the form that is fastest to evaluate.

    Args:
        rho: The mixture.
    """
    if rho.dim != 2 or len(rho.centers) < FEW:
        return rho
    step = rho.std.min() / NODES_PER_STD
    margin = REACH * rho.std.max()
    low, high = rho.centers.min(axis=0) - margin, rho.centers.max(axis=0) + margin
    numbers = np.ceil((high - low) / step).astype(int) + 1
    if numbers.max() > LARGEST:
        return rho
    axes = tuple(a + step * np.arange(n) for a, n in zip(low, numbers, strict=True))
    return TabulatedMixture(rho, (axes[0], axes[1]))


def _cubic(s: Tensor) -> Tensor:
    """Return Lagrange's weights of the nodes -1, 0, 1, 2, stacked last, at s."""
    return torch.stack(
        [
            -s * (s - 1) * (s - 2) / 6,
            (s + 1) * (s - 1) * (s - 2) / 2,
            -(s + 1) * s * (s - 2) / 2,
            (s + 1) * s * (s - 1) / 6,
        ],
        dim=-1,
    )
