"""Mixtures of isotropic Gaussians: the densities that optimal transport starts from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array

__all__ = ["GaussianMixture"]

# Entries of the largest table of points times Gaussians: it stays in the cache.
TABLE = 2**20
# Powers of e below this one are subnormal in float32, and 20 times slower.
LEAST = -80.0


class GaussianMixture:
    r"""The density of K Gaussians of the space, each alike in all directions.

    .. math:: \rho(x) = \sum_{k=1}^K w_k\,\mathcal N(x;\, c_k, \sigma_k^2 I), \qquad
        \sum_k w_k = 1

    so :math:`\rho > 0` with integral 1. Points and results have one dtype and device.

    Args:
        centers: :math:`c`, shape (K, d).
        std: :math:`\sigma`, one for all or shape (K,).
        weights: :math:`w` up to a factor, shape (K,); equal ones by default.

    Attributes:
        dim: Number of space dimensions d.

    Raises:
        ValueError: A wrong shape, or numbers that make no density: those that are not
            finite, widths that are not positive, weights that are negative or all 0.

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
                f"centers: must have the shape (K, d), got {self.centers.shape}."
            )
        number, self.dim = self.centers.shape
        self.std = _column("std", std, number)
        w = _column("weights", 1.0 if weights is None else weights, number)
        _check(self.centers, self.std, w)
        self.weights = w / w.sum()
        # Copying constants at every step would stop a GPU.
        self._table, self._parameters = map(
            cache, (self._make_table, self._make_parameters)
        )

    def log_density(self, x: Tensor) -> Tensor:
        r"""Return :math:`\log\rho`, (N, 1), finite where the density underflows.

        With :math:`y = x - \bar c`, where numbers are small,

        .. math:: \log w_k\mathcal N_k(x) = a_k\cdot(y, |y|^2) + b_k

        is one matrix product for all points and Gaussians.

        Args:
            x: Shape (N, d).

        Raises:
            ValueError: Another shape.
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
        r"""Return :math:`\rho`, (N, 1), at points (N, d)."""
        return self.log_density(x).exp()

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw n points, (n, d), of torch's default dtype, on the generator's device.

        Args:
            n: Number of points.
            generator: Makes the draw repeatable.
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
        r"""Return :math:`\bar c`, (d,), :math:`a`, (d + 1, K), and :math:`b`, (K,)."""
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
        """Return centers, (K, d), widths, (K, 1), and weights, (K,)."""
        to: Any = {"dtype": dtype, "device": device}
        centers, std = torch.tensor(self.centers, **to), torch.tensor(self.std, **to)
        return centers, std[:, None], torch.tensor(self.weights, device=device)


def _log_sum_exp(exponents: Tensor) -> Tensor:
    """Return it for every row, (N, 1), of a table that is overwritten."""
    largest = exponents.detach().amax(dim=1, keepdim=True)
    powers = exponents.sub_(largest).clamp_(min=LEAST).exp_()
    return powers.sum(dim=1, keepdim=True).log() + largest


def _column(name: str, values: Any, number: int) -> Array:
    """Return one number for each Gaussian."""
    given = np.array(values, dtype=np.float64)
    if given.shape not in ((), (number,)):
        raise ValueError(
            f"{name}: must be one number or have the shape ({number},), one for each "
            f"center, got {given.shape}."
        )
    return np.broadcast_to(given, number).copy()


def _check(centers: Array, std: Array, weights: Array) -> None:
    for name, values in {"centers": centers, "std": std, "weights": weights}.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{name}: must be finite, or there is no density.")
    if not std.min() > 0:
        raise ValueError(
            f"std: must be positive, or there is no density, got {std.min():g}."
        )
    if weights.min() < 0 or not weights.sum() > 0:
        raise ValueError(
            "weights: must not be negative nor all 0, or the density cannot be "
            f"normalized, got {weights.min():g} as the smallest and {weights.sum():g} "
            "as the sum."
        )
