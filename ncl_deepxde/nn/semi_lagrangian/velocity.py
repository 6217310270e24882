"""A small network of space whose biases drift in time, with its divergence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import deepxde as dde
import torch
from torch import Tensor
from torch.nn.functional import linear

from ...jets import activations

__all__ = ["VelocityField"]


class VelocityField(torch.nn.Module):
    r"""A velocity :math:`u(x, t)` of dense layers :math:`h \mapsto \sigma(W h + b +
    t\,v)`, the last one without :math:`\sigma`.

    With the slopes :math:`D_l = \mathrm{diag}\,\sigma'` of the hidden layers,

    .. math:: \nabla u = W_{L+1} D_L W_L \cdots D_1 W_1 .

    Args:
        dim: Number of space dimensions d.
        hidden: Widths of the hidden layers.
        activation: A smooth activation, as ``activations.get`` takes it.

    References:
        W. Grathwohl et al., FFJORD (ICLR 2019), https://arxiv.org/abs/1810.01367: the
        layers ("concat"), and the estimate of the divergence.
    """  # noqa: D205

    def __init__(self, dim: int, hidden: Sequence[int], activation: Any) -> None:
        super().__init__()
        self.activation = activations.get(activation)
        if self.activation.module is not None:
            self.add_module("activation_module", self.activation.module)
        real = dde.config.real(torch)
        sizes = [dim, *hidden, dim]
        self.layers = torch.nn.ModuleList(
            torch.nn.Linear(sizes[k], sizes[k + 1], dtype=real)
            for k in range(len(sizes) - 1)
        )
        self.drifts = torch.nn.ParameterList(
            torch.empty(width, dtype=real).uniform_(-1, 1) for width in sizes[1:]
        )

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Return u, (N, d), at points (N, d) and times (N, 1)."""
        return self._values(x, t, 0)[0]

    def with_divergence(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        r"""Return u, (N, d), and :math:`\nabla\cdot u`, (N, 1), exactly."""
        u, slopes = self._values(x, t, 1)
        first, *inner, last = self._weights()
        if len(inner) == 1:
            # tr(W3 D2 W2 D1 W1) is bilinear in D1 and D2: one product instead of d.
            between = inner[0] * (last.T @ first.T)
            return u, (linear(slopes[0], between) * slopes[1]).sum(1, keepdim=True)
        tangents = slopes[0] * first.T[:, None]
        for weight, slope in zip(inner, slopes[1:], strict=True):
            tangents = slope * linear(tangents, weight)
        return u, torch.einsum("inw,iw->n", tangents, last)[:, None]

    def with_estimate(
        self, x: Tensor, t: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor]:
        r"""Return u, (N, d), and :math:`\epsilon\cdot(\nabla u)\epsilon`, (N, 1).

        Args:
            x: Shape (N, d).
            t: Shape (N, 1).
            noise: :math:`\epsilon`, (N, d), of independent signs: the mean of the
                estimate is the divergence.
        """
        u, slopes = self._values(x, t, 1)
        first, *inner, last = self._weights()
        tangent = slopes[0] * linear(noise, first)
        for weight, slope in zip(inner, slopes[1:], strict=True):
            tangent = slope * linear(tangent, weight)
        return u, (linear(tangent, last) * noise).sum(1, keepdim=True)

    def _weights(self) -> list[Tensor]:
        return [layer.get_parameter("weight") for layer in self.layers]

    def _values(self, x: Tensor, t: Tensor, order: int) -> tuple[Tensor, list[Tensor]]:
        """Return u and, for order 1, the slopes of the hidden layers."""
        h, slopes = x, []
        last = len(self.layers) - 1
        for k, (layer, drift) in enumerate(zip(self.layers, self.drifts, strict=True)):
            h = torch.addcmul(layer(h), t, drift)
            if k < last:
                h, *slope = self.activation.derivatives(h, order)
                slopes += slope
        return h, slopes
