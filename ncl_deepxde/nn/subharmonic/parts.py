"""The two networks of ``SubharmonicNCL``: of the time, and of space and time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ...flows.moments import distinct
from ...jets import activations
from ...jets.jets import StreamTable, jet_space, product
from ...potentials.constructions import MATRIX
from ...potentials.network import Embedding, Initializer, PotentialNetwork
from ...potentials.readout import Readout
from .gaussians import GaussianTerms

__all__ = ["Mixture", "Swirl"]


class Mixture(torch.nn.Module):
    r"""Gaussians whose centers, widths and weights are a network of the time.

    .. math:: (c/L,\; \log(\sigma/L),\; \log w + \text{const})_k(t) = a_k + N_k(t/T)

    Args:
        dim: Number of space dimensions d.
        components: Number K of Gaussians.
        hidden: Widths of the hidden layers.
        activation: Activation of all layers.
        kernel_initializer: DeepXDE's name of an initializer.
        spread: The length L.
        width: Standard deviation of the Gaussians to start from.
        duration: The time T.
        is_exchanging: Whether the weights depend on time.
    """

    def __init__(
        self,
        dim: int,
        components: int,
        hidden: Sequence[int],
        activation: Any,
        kernel_initializer: str | Initializer,
        *,
        spread: float,
        width: float,
        duration: float,
        is_exchanging: bool,
    ) -> None:
        super().__init__()
        self.dim, self.components, self.spread = dim, components, spread
        self.is_exchanging = is_exchanging
        start = torch.randn(dim + 2, components, dtype=dde.config.real(torch))
        start[dim], start[dim + 1] = math.log(width / spread), 0.0
        self.start = torch.nn.Parameter(start)
        self.network = PotentialNetwork(
            [*hidden, (dim + 1 + is_exchanging) * components],
            [activations.get(activation) for _ in hidden],
            kernel_initializer,
            _Scaled([duration]),
        )

    def forward(self, inputs: Tensor) -> GaussianTerms:
        """Return the Gaussians at inputs (N, d + 1), time last."""
        d, rows = self.dim, self.dim + 1 + self.is_exchanging
        t, moments = distinct(inputs[:, -1:])
        streams = self.network.jet(t, jet_space(1, 1))
        moving, rate = streams.reshape(2, -1, rows, self.components).unbind()
        now = self.start[:rows] + moving
        sigma = self.spread * now[:, d].exp()
        if self.is_exchanging:
            log_weight = torch.log_softmax(now[:, d + 1], dim=1)
            mean = (log_weight.exp() * rate[:, d + 1]).sum(dim=1, keepdim=True)
            exchange = rate[:, d + 1] - mean
        else:
            log_weight = torch.log_softmax(self.start[d + 1], dim=0)
            exchange = torch.zeros_like(sigma)
        log_peak = log_weight - d * (sigma.log() + math.log(2 * math.pi) / 2)
        parts = (
            self.spread * now[:, :d],
            sigma,
            log_peak,
            self.spread * rate[:, :d],
            rate[:, d],
            exchange,
        )
        # Of a single time the row serves all points as it is.
        c, sigma, *others = parts if len(t) == 1 else map(moments.gather, parts)
        z = (inputs[:, :d, None] - c) / sigma[:, None]
        return GaussianTerms(z, sigma, *others)


class Swirl(torch.nn.Module):
    r"""A field :math:`\sum_j\partial_j A_{ij}` in space, without divergence; extras.

    Args:
        dim: Number of space dimensions d; on a line the field is zero.
        extras: Number of free outputs.
        hidden: Widths of the hidden layers.
        activation: Activation of all layers.
        kernel_initializer: DeepXDE's name of an initializer.
        spread: Length scale L; the field is in units of L over T.
        duration: Time scale T.
    """

    def __init__(
        self,
        dim: int,
        extras: int,
        hidden: Sequence[int],
        activation: Any,
        kernel_initializer: str | Initializer,
        *,
        spread: float,
        duration: float,
    ) -> None:
        super().__init__()
        self.dim = dim
        field = MATRIX.operator(range(dim)).scaled(spread**2 / duration)
        self.num_potentials = field.num_potentials
        self._space = jet_space(dim, 1)
        self._readout = (
            Readout(field.components, field.num_potentials, self._space, 0)
            if field.num_potentials
            else None
        )
        self.network = PotentialNetwork(
            [*hidden, field.num_potentials + extras],
            [activations.get(activation) for _ in hidden],
            kernel_initializer,
            _Scaled([spread] * dim + [duration]),
        )
        self.bias = torch.nn.Parameter(
            torch.zeros(extras, dtype=dde.config.real(torch))
        )

    def forward(self, inputs: Tensor, score: Tensor | None) -> tuple[Tensor, Tensor]:
        r"""Return the field, (N, d), and the extras.

        Args:
            inputs: Shape (N, d + 1), time last.
            score: :math:`\nabla\log\rho`, (N, d), for the field :math:`\rho^{-1}\sum_j
                \partial_j(\rho A_{ij})` instead.
        """
        streams = self.network.jet(inputs, self._space)
        potentials, free = streams.tensor_split([self.num_potentials], dim=-1)
        extras = free[0] + self.bias
        if self._readout is None:
            return torch.zeros_like(inputs[:, : self.dim]), extras
        if score is not None:
            relative = torch.cat([torch.ones_like(score[:, :1]), score], dim=1)
            potentials = product(relative.T[..., None], potentials, self._space)
        return self._readout(potentials), extras


class _Scaled(Embedding):
    """The columns of the inputs, each divided by its unit."""

    units: Tensor

    def __init__(self, units: Sequence[float]) -> None:
        super().__init__([None] * len(units), harmonics=1)
        exact = torch.as_tensor(units, dtype=torch.float64)
        self.register_buffer("units", exact, persistent=False)

    def jet(
        self, inputs: Tensor, space: StreamTable, steps: Sequence[float] | None = None
    ) -> Tensor:
        """Return the streams of the features, shape (S, N, features)."""
        return super().jet(inputs, space, steps) / self.units.to(inputs.dtype)
