"""Potentials of incompressible velocities, in the plane and in space."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ...jets.jets import jet_of_callable, jet_space
from ...potentials.differential_operator import Summand
from ...potentials.readout import Readout
from .fourier import RealSeries, fourier_modes
from .start_and_wall import PointFunction

__all__ = ["FourierVectorPotential", "curl", "flow_of", "num_columns"]

TOLERANCE = 1e-8
"""Part of a velocity that may have divergence: round-off of a user's function."""


class FourierVectorPotential(RealSeries):
    r"""The stream function or vector potential of a velocity on a torus.

    .. math:: a_0(x) = \sum_{k \ne 0} \frac{i k \times \hat u_k}{|k|^2}\, e^{i k\cdot x}
        \quad\Rightarrow\quad \nabla\times a_0 = u_0 - \bar u_0 ,

    in the plane its third component. Called on points (N, d), it returns (N, 1) if d is
    2 and (N, 3) if d is 3.

    Args:
        velocity: :math:`u_0`, (N, d) -> (N, d), with :math:`\nabla\cdot u_0 = 0`.
        periods: Period of each of the d axes, 2 or 3.
        num: Points of the lattice per axis.
        tolerance: Coefficients below this part of the largest are left out.

    Attributes:
        mean: The mean velocity :math:`\bar u_0`, d numbers.

    Raises:
        ValueError: Another number of axes, a velocity with a divergence, or a lattice
            that does not resolve it to the tolerance.
    """

    def __init__(
        self,
        velocity: PointFunction,
        periods: Sequence[float],
        *,
        num: int = 32,
        tolerance: float = 1e-14,
    ) -> None:
        num_columns("periods", len(periods))
        n, modes, mean = fourier_modes(
            "velocity", velocity, len(periods), periods, num, tolerance
        )
        k = 2 * math.pi * n / np.asarray(periods)
        _check_divergence(k, modes, np.abs([*modes, mean]).max())
        self.mean: list[float] = mean.tolist()
        amplitude = torch.as_tensor(_inverse_curl(k, modes))
        super().__init__(torch.as_tensor(k), amplitude)


def num_columns(argument: str, d: int) -> int:
    """Return the number of columns of a potential in d dimensions, 1 or 3.

    Raises:
        ValueError: The dimension is neither 2 nor 3.
    """
    if d not in (2, 3):
        raise ValueError(
            f"{argument}: must be None but in 2 dimensions, where it is a stream "
            f"function, and 3, where it is a vector potential, got {d} dimensions."
        )
    return 1 if d == 2 else 3


def curl(d: int, first: int) -> list[list[Summand]]:
    r"""Return the summands of :math:`(\partial_2\psi, -\partial_1\psi)` or of the curl.

    Args:
        d: Number of dimensions, 2 or 3.
        first: Channel of the stream function, or of the first of three potentials.
    """
    if d == 2:
        return [[Summand((1,), first)], [Summand((0,), first, -1.0)]]
    return [
        [
            Summand(((i + 1) % 3,), first + (i + 2) % 3),
            Summand(((i + 2) % 3,), first + (i + 1) % 3, -1.0),
        ]
        for i in range(3)
    ]


def flow_of(potential: PointFunction, x: Tensor) -> Tensor:
    """Return the velocity, (N, d), of a potential at points (N, d)."""
    d = x.shape[1]
    space = jet_space(d, 1)
    streams = jet_of_callable(potential, x, space)
    flow: Tensor = Readout(curl(d, 0), streams.shape[-1], space, 0)(streams)
    return flow.detach()


def _inverse_curl(k: np.ndarray, modes: np.ndarray) -> np.ndarray:
    """Return the modes of the potential, (K, 1) or (K, 3), of those of the velocity."""
    pad = ((0, 0), (0, 3 - k.shape[1]))
    potential: np.ndarray = 1j * np.cross(np.pad(k, pad), np.pad(modes, pad))
    potential /= np.square(k).sum(axis=1, keepdims=True)
    return potential[:, 2:] if k.shape[1] == 2 else potential


def _check_divergence(k: np.ndarray, modes: np.ndarray, largest: float) -> None:
    along = np.abs((k * modes).sum(axis=1)) / np.linalg.norm(k, axis=1)
    if np.any(along > TOLERANCE * largest):
        raise ValueError(
            "velocity: must be free of divergence, got a gradient part of "
            f"{along.max() / largest:.1e} of its largest coefficient. Subtract it, or "
            "give the potential."
        )
