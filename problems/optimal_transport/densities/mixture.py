"""Mixtures of isotropic Gaussians, the densities at both ends of a transport."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array

__all__ = ["Density", "DensityPair", "GaussianMixture"]

# Entries of the largest table of points times Gaussians: it stays in the cache.
TABLE = 2**20
# Powers of e below this one are subnormal in float32, and 20 times slower.
LEAST = -80.0


class Density(Protocol):
    """A density from which points can be drawn."""

    @property
    def dim(self) -> int:
        """Number of space dimensions d."""
        ...

    def density(self, x: Tensor) -> Tensor:
        """Evaluate the density, (N, 1), at points (N, d)."""
        ...

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw n points, (n, d)."""
        ...


class GaussianMixture:
    r"""A weighted sum of K Gaussians, each of one width in all directions.

    .. math:: \rho(x) = \sum_{k=1}^K w_k\,\mathcal N(x;\, c_k, \sigma_k^2 I), \qquad
        \sum_k w_k = 1

    so that :math:`\rho > 0` with integral 1. Values have the dtype and device of the
    points.

    Args:
        centers: Centers :math:`c`, (K, d).
        std: Standard deviations :math:`\sigma`, one for all or (K,).
        weights: Weights :math:`w` up to a factor, (K,); equal ones by default.

    Attributes:
        dim: Number of space dimensions d.

    Raises:
        ValueError: A shape is wrong, a number is not finite, a width is not positive,
            or weights are negative or all 0.

    Example:
        >>> rho = GaussianMixture([[-1.0, 0.0], [1.0, 0.0]], 0.5)
        >>> rho.density(torch.zeros(3, 2)).shape
        torch.Size([3, 1])
    """

    def __init__(
        self,
        centers: Array | Sequence[Sequence[float]],
        std: float | Array | Sequence[float],
        weights: Array | Sequence[float] | None = None,
    ) -> None:
        self.centers = np.array(centers, dtype=np.float64)
        if self.centers.ndim != 2 or not self.centers.size:
            raise ValueError(
                f"centers: must have the shape (K, d), got {self.centers.shape}. "
                "A single point is one row."
            )
        number, self.dim = self.centers.shape
        self.std = _column("std", std, number)
        w = _column("weights", 1.0 if weights is None else weights, number)
        _check(self.centers, self.std, w)
        self.weights = w / w.sum()
        # Cached, since copying constants to a GPU at every step would stop it.
        self._table, self._parameters = map(
            cache, (self._make_table, self._make_parameters)
        )

    def log_density(self, x: Tensor) -> Tensor:
        r"""Evaluate :math:`\log\rho`, (N, 1), finite where the density underflows.

        With :math:`y = x - \bar c`, which keeps numbers small,

        .. math:: \log w_k\mathcal N_k(x) = a_k\cdot(y, |y|^2) + b_k

        is one matrix product for all points and Gaussians.

        Args:
            x: Points, (N, d).

        Raises:
            ValueError: The points have another shape.
        """
        if x.ndim != 2 or x.shape[1] != self.dim:
            raise ValueError(
                f"x: must have the shape (N, {self.dim}), got {tuple(x.shape)}."
            )
        origin, a, b = self._table(x.dtype, x.device)
        y = x - origin
        features = torch.cat([y, y.square().sum(dim=1, keepdim=True)], dim=1)
        rows = max(1, TABLE // len(self.centers))
        return torch.cat(
            [
                _log_sum_exp(torch.addmm(b, part, a))
                for part in torch.split(features, rows)
            ]
        )

    def density(self, x: Tensor) -> Tensor:
        r"""Evaluate :math:`\rho`, (N, 1), at points (N, d)."""
        return self.log_density(x).exp()

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw points, (n, d), of torch's default dtype.

        Args:
            n: Number of points.
            generator: Source of random numbers, on the device of the points.
        """
        device, real = generator.device, torch.get_default_dtype()
        centers, std, share = self._parameters(real, device)
        which = torch.multinomial(share, n, replacement=True, generator=generator)
        shape = (n, self.dim)
        z = torch.randn(shape, generator=generator, dtype=real, device=device)
        return centers[which] + std[which] * z

    def mean(self) -> Tensor:
        """Return the mean, (d,), in double precision, on the CPU."""
        return torch.as_tensor(self.weights @ self.centers, device="cpu")

    def covariance(self) -> Tensor:
        r"""Return :math:`\sum_k w_k((c_k - \bar c)(c_k - \bar c)^T + \sigma_k^2 I)`.

        Shape (d, d), in double precision, on the CPU.
        """
        offset = self.centers - self.weights @ self.centers
        inside = float(self.weights @ self.std**2) * np.eye(self.dim)
        found = (self.weights * offset.T) @ offset + inside
        return torch.as_tensor(found, device="cpu")

    def _make_table(
        self, dtype: torch.dtype, device: torch.device
    ) -> tuple[Tensor, Tensor, Tensor]:
        r"""Compute :math:`\bar c`, (d,), :math:`a`, (d + 1, K), and :math:`b`, (K,)."""
        origin = self.centers.mean(axis=0)
        c, precision = self.centers - origin, self.std**-2.0
        a = np.vstack([precision * c.T, -precision / 2])
        with np.errstate(divide="ignore"):
            log_weight = np.log(self.weights)
        scale = self.dim * (np.log(self.std) + math.log(2 * math.pi) / 2)
        b = log_weight - scale - precision * np.square(c).sum(axis=1) / 2
        to: Any = {"dtype": dtype, "device": device}
        return torch.tensor(origin, **to), torch.tensor(a, **to), torch.tensor(b, **to)

    def _make_parameters(
        self, dtype: torch.dtype, device: torch.device
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Copy centers, (K, d), widths, (K, 1), and weights, (K,)."""
        to: Any = {"dtype": dtype, "device": device}
        centers, std = torch.tensor(self.centers, **to), torch.tensor(self.std, **to)
        return centers, std[:, None], torch.tensor(self.weights, device=device)


DensityPair: TypeAlias = tuple[GaussianMixture, GaussianMixture]
"""Densities at the start and at the end."""


def _log_sum_exp(exponents: Tensor) -> Tensor:
    """Sum the exponentials of every row, (N, 1); the table is overwritten."""
    largest = exponents.detach().amax(dim=1, keepdim=True)
    powers = exponents.sub_(largest).clamp_(min=LEAST).exp_()
    return powers.sum(dim=1, keepdim=True).log() + largest


def _column(name: str, values: Any, number: int) -> Array:
    """Return one number for each Gaussian."""
    given = np.array(values, dtype=np.float64)
    if given.shape not in ((), (number,)):
        raise ValueError(
            f"{name}: must be one number or have the shape ({number},), got "
            f"{given.shape}. Give one for each center."
        )
    return np.broadcast_to(given, number).copy()


def _check(centers: Array, std: Array, weights: Array) -> None:
    for name, values in {"centers": centers, "std": std, "weights": weights}.items():
        if not np.isfinite(values).all():
            bad = values[~np.isfinite(values)][0]
            raise ValueError(f"{name}: must be finite, got {bad}. Leave such rows out.")
    if not std.min() > 0:
        raise ValueError(
            f"std: must be positive, got {std.min():g}. Points without a width are no "
            "density; use from_samples."
        )
    if weights.min() < 0 or not weights.sum() > 0:
        raise ValueError(
            f"weights: must not be negative nor all 0, got {weights.min():g} as the "
            f"smallest and {weights.sum():g} as the sum. Leave them out for equal ones."
        )
