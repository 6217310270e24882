"""Activation normalization: an affine map per axis that starts from the data."""

from __future__ import annotations

import deepxde as dde
import torch
from torch import Tensor

from .bijection import Bijection
from .moments import Moments

__all__ = ["ActNorm"]


class ActNorm(Bijection):
    r"""The map :math:`y = e^a x + b`, at first with mean 0 and deviation 1.

    Args:
        dim: Number of axes d.

    References:
        D. P. Kingma, P. Dhariwal, Glow: Generative Flow with Invertible 1x1
        Convolutions (NeurIPS 2018), section 3.1.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        real = dde.config.real(torch)
        self.log_scale = torch.nn.Parameter(torch.zeros(dim, dtype=real))
        self.shift = torch.nn.Parameter(torch.zeros(dim, dtype=real))

    def start(self, x: Tensor) -> None:
        """Normalize these points; an axis on which they agree is only shifted."""
        deviation = x.std(dim=0, correction=0)
        scale = torch.where(deviation > 1e-6 * x.abs().amax(dim=0), 1 / deviation, 1.0)
        with torch.no_grad():
            self.log_scale.copy_(scale.log())
            self.shift.copy_(-scale * x.mean(dim=0))

    def forward(self, x: Tensor, prepared: None, moments: Moments) -> Tensor:
        """See ``Bijection``."""
        rest = torch.zeros_like(self.shift).expand(len(x) - 1, -1)
        shift = torch.cat([self.shift[None], rest]).unsqueeze(1)
        return torch.addcmul(shift, x, self.log_scale.exp())

    def inverse(self, y: Tensor, prepared: None, moments: Moments) -> Tensor:
        """See ``Bijection``."""
        return (y - self.shift) * (-self.log_scale).exp()
