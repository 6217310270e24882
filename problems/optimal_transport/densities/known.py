r"""Costs of optimal transport that are known: between Gaussians, and on a line.

The cost is :math:`W_2^2 = \min_T \int |x - T(x)|^2 \rho_0(x)\,dx` over all maps T that
carry :math:`\rho_0` to :math:`\rho_1`.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array

from .mixture import GaussianMixture

__all__ = ["bures", "gaussian_cost", "quantile_cost", "quantile_map"]

# Enough nodes for the steep map to modes with a gap between them.
NODES = 8001
# In standard deviations beyond the centers.
REACH = 9.0
BISECTIONS = 60


def gaussian_cost(rho_0: GaussianMixture, rho_1: GaussianMixture) -> float:
    """Return the cost between the Gaussians of the same means and covariances.

    It is the cost between the densities themselves where both are Gaussians, and a
    lower bound otherwise.

    Args:
        rho_0: Density at the start.
        rho_1: Density at the end.
    """
    return bures(rho_0.mean(), rho_0.covariance(), rho_1.mean(), rho_1.covariance())


def bures(
    mean_0: Array | Tensor,
    covariance_0: Array | Tensor,
    mean_1: Array | Tensor,
    covariance_1: Array | Tensor,
) -> float:
    r"""Return the cost between two Gaussians, by the distance of Bures.

    .. math:: |m_0 - m_1|^2
        + \operatorname{tr}\big(C_0 + C_1 - 2 (C_0 C_1)^{1/2}\big)

    Args:
        mean_0: Mean :math:`m_0`, (d,).
        covariance_0: Covariance :math:`C_0`, (d, d).
        mean_1: Mean :math:`m_1`, (d,).
        covariance_1: Covariance :math:`C_1`, (d, d).
    """
    m_0, C_0, m_1, C_1 = map(np.asarray, (mean_0, covariance_0, mean_1, covariance_1))
    # Eigenvalues of a product of two covariances are not negative, but for round-off.
    eigenvalues = np.linalg.eigvals(C_0 @ C_1).real.clip(min=0)
    spread = np.trace(C_0) + np.trace(C_1) - 2 * np.sqrt(eigenvalues).sum()
    return float(np.square(m_0 - m_1).sum() + spread)


def quantile_cost(rho_0: GaussianMixture, rho_1: GaussianMixture) -> float:
    r"""Return the cost between densities on a line, by quadrature.

    .. math:: \int_0^1 |Q_0(s) - Q_1(s)|^2 ds = \int |x - Q_1(S_0(x))|^2\rho_0(x)\,dx

    with distributions :math:`S` and quantiles :math:`Q = S^{-1}`.

    Args:
        rho_0: Density at the start.
        rho_1: Density at the end.

    Raises:
        ValueError: The densities are not on a line.
    """
    _check_line(rho_0, rho_1)
    x = np.linspace(*_ends(rho_0), NODES)
    z = (x[:, None] - rho_0.centers[:, 0]) / rho_0.std
    density = np.exp(-np.square(z) / 2) @ (rho_0.weights / rho_0.std)
    work = np.square(x - quantile_map(rho_0, rho_1, x)) * density
    return float(work.sum() * (x[1] - x[0]) / np.sqrt(2 * np.pi))


def quantile_map(rho_0: GaussianMixture, rho_1: GaussianMixture, x: Array) -> Array:
    """Move points of a line by the optimal map, to all digits, (N,).

    Args:
        rho_0: Density of the points.
        rho_1: Density of their images.
        x: Points, (N,).

    Raises:
        ValueError: The densities are not on a line.
    """
    _check_line(rho_0, rho_1)
    # Mass is counted from the nearer end, where it is small: 1 - s has lost its digits.
    side = np.where(_mass_below(rho_0, x, 1.0) < 0.5, 1.0, -1.0)
    wanted = _mass_below(rho_0, x, side)
    low, high = (np.full(x.shape, end) for end in _ends(rho_1))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_low = (_mass_below(rho_1, middle, side) < wanted) == (side > 0)
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    image: Array = (low + high) / 2
    return image


def _mass_below(rho: GaussianMixture, x: Array, side: Array | float) -> Array:
    """Return the mass below x, (N,), or above it where the side is -1."""
    z = (x[:, None] - rho.centers[:, 0]) / rho.std
    mass: Array = ndtr(np.reshape(side, (-1, 1)) * z) @ rho.weights
    return mass


def _ends(rho: GaussianMixture) -> tuple[float, float]:
    """Return an interval that holds all mass but some 1e-19."""
    c, reach = rho.centers[:, 0], REACH * rho.std
    return float((c - reach).min()), float((c + reach).max())


def _check_line(*densities: GaussianMixture) -> None:
    dims = [rho.dim for rho in densities]
    if dims != [1, 1]:
        raise ValueError(
            f"rho_0 and rho_1: must be densities on a line, got dimensions {dims}. "
            "In more dimensions use the estimators of discrete transport."
        )
