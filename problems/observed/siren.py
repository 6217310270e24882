"""Two SIRENs, for the logarithm of a density and for a velocity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import deepxde as dde
import torch
from torch import Tensor

__all__ = ["SirenFlow"]


class SirenFlow(dde.nn.pytorch.NN):  # type: ignore[misc]
    r"""A plain network of a flow: :math:`\rho = e^{N_1(x, t)}`, :math:`u = N_2(x, t)`.

    Each layer but the last is :math:`h \mapsto \sin(\omega(Wh + b))`, with
    :math:`\omega = 1` after the first. Outputs have the columns ``(rho, u_1..u_d)``.

    Args:
        low: Lower corner of the box of inputs that is mapped to the unit cube, d + 1
            numbers, time last.
        high: Upper corner.
        width: Number of units of each hidden layer.
        depth: Number of hidden layers.
        frequency: The factor :math:`\omega` of the first layer.

    References:
        V. Sitzmann et al., Implicit Neural Representations with Periodic Activation
        Functions (NeurIPS 2020), https://arxiv.org/abs/2006.09661: the layers and
        their initial weights.
    """

    low: Tensor
    sides: Tensor

    def __init__(
        self,
        low: Sequence[float],
        high: Sequence[float],
        width: int,
        depth: int,
        frequency: float,
    ) -> None:
        super().__init__()
        self.dim, self.output, self.frequency = len(low) - 1, "velocity", frequency
        self.regularizer = None
        ends = [torch.tensor(c, dtype=dde.config.real(torch)) for c in (low, high)]
        self.register_buffer("low", ends[0])
        self.register_buffer("sides", ends[1] - ends[0])
        hidden = [self.dim + 1, *[width] * depth]
        self.log_density = _layers([*hidden, 1])
        self.velocity = _layers([*hidden, self.dim])

    def forward(self, inputs: Tensor) -> Tensor:
        """Map inputs (N, d + 1), time last, to outputs (N, d + 1)."""
        unit = (inputs - self.low) / self.sides
        log_rho, u = (self._siren(n, unit) for n in (self.log_density, self.velocity))
        return torch.cat([log_rho.exp(), u], dim=1)

    def _siren(self, layers: torch.nn.ModuleList, h: Tensor) -> Tensor:
        first, *inner, last = layers
        h = torch.sin(self.frequency * first(h))
        for layer in inner:
            h = torch.sin(layer(h))
        out: Tensor = last(h)
        return out


def _layers(sizes: Sequence[int]) -> torch.nn.ModuleList:
    """Build dense layers, with weights up to 1/n for n inputs, then up to sqrt(6/n)."""
    real = dde.config.real(torch)
    layers = torch.nn.ModuleList()
    for k, (n, width) in enumerate(pairwise(sizes)):
        layer = torch.nn.Linear(n, width, dtype=real)
        bound = math.sqrt(6 / n) if k else 1 / n
        torch.nn.init.uniform_(layer.weight, -bound, bound)
        layers.append(layer)
    return layers
