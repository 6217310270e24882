"""Fourier series of functions on a torus, from their values on a lattice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ...arrays import Array
from ...jets.pointwise import PointwiseCheck
from .start_and_wall import PointFunction, shaped

__all__ = ["RealSeries", "fourier_modes"]


def fourier_modes(
    name: str,
    function: PointFunction,
    columns: int,
    periods: Sequence[float],
    num: int,
    tolerance: float,
) -> tuple[Array, Array, Array]:
    r"""Return the modes of a function on a torus that are not negligible.

    Args:
        name: Name of the function, for messages.
        function: (N, d) -> (N, columns).
        columns: Number of components.
        periods: Period of each of the d axes.
        num: Points of the lattice per axis.
        tolerance: Coefficients below this part of the largest are left out.

    Returns:
        Wave numbers (K, d) as whole numbers, the constant left out, their coefficients
        (K, columns), and the mean (columns,).

    Raises:
        ValueError: The lattice does not resolve the function to the tolerance.
    """
    d = len(periods)
    axes = [L * torch.arange(num, dtype=torch.float64) / num for L in periods]
    x = torch.cartesian_prod(*axes).reshape(-1, d)
    values = shaped(name, function(x), (len(x), columns))
    PointwiseCheck(name, is_kept=True)(function, x)
    grid = values.detach().cpu().double().numpy().reshape([num] * d + [columns])
    modes = (np.fft.fftn(grid, axes=range(d)) / len(x)).reshape(-1, columns)
    numbers = np.meshgrid(*[np.fft.fftfreq(num, 1 / num)] * d, indexing="ij")
    n = np.stack([m.ravel() for m in numbers], axis=1)
    size = np.abs(modes).max(axis=1)
    kept = (size > tolerance * size.max()) & np.any(n != 0, axis=1)
    # Two modes, since an odd function may lack the even ones.
    if np.any(np.abs(n[kept]) > num / 2 - 2):
        raise ValueError(
            f"{name}: {num} points per axis must resolve it to {tolerance:g}, but the "
            "highest coefficients are larger. Raise num or tolerance."
        )
    return n[kept], modes[kept], modes[0].real


class RealSeries:
    r"""The real part of :math:`\sum_k c_k e^{i k\cdot x}`, on points (N, d): (N, C).

    Args:
        k: Wave vectors, (K, d).
        amplitude: Coefficients :math:`c_k`, complex, (K, C).
    """

    def __init__(self, k: Tensor, amplitude: Tensor) -> None:
        self.k, self.amplitude = k, amplitude

    def __call__(self, x: Tensor) -> Tensor:
        """Return the values, (N, C), at points (N, d)."""
        angle = x @ self.k.T.to(x)
        real, imaginary = self.amplitude.real.to(x), self.amplitude.imag.to(x)
        total: Tensor = torch.cos(angle) @ real - torch.sin(angle) @ imaginary
        return total
