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

from .start_and_wall import PointFunction, shaped

__all__ = ["FourierPotential", "HomotopyPotential"]


class FourierPotential:
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
        d = len(periods)
        axes = [L * torch.arange(num, dtype=torch.float64) / num for L in periods]
        x = torch.cartesian_prod(*axes).reshape(-1, d)
        values = shaped("density", density(x), (len(x), 1)).detach().cpu().numpy()
        modes = np.fft.fftn(values.reshape([num] * d)) / values.size
        numbers = np.meshgrid(*[np.fft.fftfreq(num, 1 / num)] * d, indexing="ij")
        k = np.stack([n.ravel() for n in numbers], axis=1)
        size = np.abs(modes.ravel())
        moving = size * np.any(k != 0, axis=1)
        kept = moving > tolerance * size.max()
        # Two modes, since an odd function may lack the even ones.
        if np.any(np.abs(k[kept]) > num / 2 - 2):
            raise ValueError(
                f"density: {num} points per axis must resolve it to {tolerance:g}, but "
                "the highest coefficients are larger. Raise num or tolerance."
            )
        self.k: Tensor = 2 * math.pi * torch.as_tensor(k[kept] / np.asarray(periods))
        c = torch.as_tensor(modes.ravel()[kept] * -1j)
        self.amplitude: Tensor = (
            c[:, None] * self.k / self.k.square().sum(1, keepdim=True)
        )

    def __call__(self, x: Tensor) -> Tensor:
        r"""Return :math:`a_0`, (N, d), at points (N, d)."""
        angle = x @ self.k.T.to(x)
        real, imaginary = self.amplitude.real.to(x), self.amplitude.imag.to(x)
        a0: Tensor = torch.cos(angle) @ real - torch.sin(angle) @ imaginary
        return a0


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
