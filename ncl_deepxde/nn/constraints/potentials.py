r"""Vector fields :math:`a_0` with :math:`\nabla\cdot a_0 = \rho_0 - \bar\rho_0`.

With such a field an initial state can fade away (``InitialState.potential``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral

import numpy as np
import torch
from torch import Tensor

from .fourier import RealSeries, fourier_modes
from .start_and_wall import PointFunction, shaped

__all__ = ["FourierPotential", "HomotopyPotential"]


class FourierPotential(RealSeries):
    r"""The gradient field of a density on a torus.

    .. math:: a_0(x) = \nabla\Delta^{-1}(\rho_0 - \bar\rho_0) = \sum_{k \ne 0}
        \frac{-i k}{|k|^2}\, \hat\rho_k\, e^{i k\cdot x}

    with the Fourier coefficients of the density on a lattice. Called on points (N, d),
    it returns (N, d).

    Args:
        density: :math:`\rho_0`, (N, d) -> (N, 1).
        periods: Period of each of the d axes.
        num: Points of the lattice per axis.
        tolerance: Coefficients below this part of the largest are left out.

    Raises:
        ValueError: The lattice does not resolve the density to the tolerance.
    """

    def __init__(
        self,
        density: PointFunction,
        periods: Sequence[float],
        *,
        num: int = 32,
        tolerance: float = 1e-14,
    ) -> None:
        n, modes, _ = fourier_modes("density", density, 1, periods, num, tolerance)
        k = 2 * math.pi * torch.as_tensor(n / np.asarray(periods))
        c = torch.as_tensor(modes * -1j)
        super().__init__(k, c * k / k.square().sum(1, keepdim=True))


class HomotopyPotential:
    r"""A field for a density on a domain that is star-shaped around the origin.

    .. math:: a_0(x) = x \int_0^1 (\rho_0(s x) - \bar\rho)\, s^{d-1}\, ds

    by Gauss-Legendre quadrature. Called on points (N, d), it returns (N, d).

    Args:
        density: :math:`\rho_0`, (N, d) -> (N, 1).
        mean: The number :math:`\bar\rho`.
        nodes: Nodes of the quadrature; the error falls spectrally.

    Raises:
        ValueError: Fewer than one node.
    """

    def __init__(
        self, density: PointFunction, mean: float = 0.0, *, nodes: int = 24
    ) -> None:
        if not isinstance(nodes, Integral) or nodes < 1:
            raise ValueError(f"nodes: must be a positive integer, got {nodes!r}.")
        self.density: PointFunction = density
        self.mean: float = mean
        s, w = np.polynomial.legendre.leggauss(int(nodes))
        self.s: Tensor = torch.as_tensor((s + 1) / 2)
        self.w: Tensor = torch.as_tensor(w / 2)

    def __call__(self, x: Tensor) -> Tensor:
        r"""Return :math:`a_0`, (N, d), at points (N, d)."""
        s = self.s.to(x)
        weights = self.w.to(x) * s ** (x.shape[1] - 1)
        values = torch.cat([self._density_at(factor * x) for factor in s], dim=1)
        a0: Tensor = x * ((values - self.mean) @ weights)[:, None]
        return a0

    def _density_at(self, x: Tensor) -> Tensor:
        return shaped("density", self.density(x), (len(x), 1))
