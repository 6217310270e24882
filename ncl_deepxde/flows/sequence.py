r"""A flow: layers one after the other, all conditioned on one network of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from .bijection import Bijection
from .moments import Moments, distinct
from .time_network import TimeNetwork

__all__ = ["FlowMap"]


class FlowMap(torch.nn.Module):
    r"""The bijection :math:`z = F_t(x)` made of layers.

    Args:
        layers: From x to z.
        hidden: Widths of the network of time.
        times: First and last time.

    Attributes:
        is_started: Whether the layers have seen the points that they start from.
        slices: The coefficients of every layer among those of the network of time.

    Example:
        >>> from ncl_deepxde.flows import ActNorm, ConditionalSVD
        >>> flow = FlowMap([ConditionalSVD(2), ActNorm(2)])
        >>> z, dz_dx, dz_dt = flow(torch.rand(5, 2), torch.rand(5, 1))
        >>> z.shape, dz_dx.shape, dz_dt.shape
        (torch.Size([5, 2]), torch.Size([5, 2, 2]), torch.Size([5, 2]))
    """

    is_started: Tensor

    def __init__(
        self,
        layers: Sequence[Bijection],
        hidden: Sequence[int] = (64, 64),
        times: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)
        starts = [layer.start_coefficients() for layer in layers]
        self.conditioner = TimeNetwork(torch.cat(starts), hidden, times)
        self.register_buffer("is_started", torch.tensor(False))
        ends = torch.tensor([0, *(len(start) for start in starts)]).cumsum(0).tolist()
        self.slices = [slice(a, b) for a, b in pairwise(ends)]
        self._kinds: dict[Any, list[int]] = defaultdict(list)
        for i, layer in enumerate(layers):
            self._kinds[layer.kind].append(i)

    def start(self, x: Tensor, t: Tensor) -> None:
        """Let every layer adapt to the points (N, d) that reach it, at times (N, 1)."""
        with torch.no_grad():
            prepared, moments = self._prepared(t, order=0)
            streams = x.detach()[None]
            for layer, p in zip(self._bijections(), prepared, strict=True):
                layer.start(streams[0])
                streams = layer(streams, p, moments)
            self.is_started.fill_(True)

    def forward(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return z and its derivatives by x and by t.

        Args:
            x: Shape (N, d).
            t: Shape (N, 1).

        Returns:
            Shapes (N, d), (N, d, d) with the axes of z first, and (N, d).
        """
        prepared, moments = self._prepared(t, order=1)
        N, d = x.shape
        unit = torch.eye(d, dtype=x.dtype, device=x.device)[:, None].expand(d, N, d)
        streams = torch.cat([x[None], unit, torch.zeros_like(x)[None]])
        for layer, p in zip(self._bijections(), prepared, strict=True):
            streams = layer(streams, p, moments)
        return streams[0], streams[1 : d + 1].permute(1, 2, 0), streams[d + 1]

    def value(self, x: Tensor, t: Tensor) -> Tensor:
        """Return z alone, (N, d)."""
        prepared, moments = self._prepared(t, order=0)
        streams = x[None]
        for layer, p in zip(self._bijections(), prepared, strict=True):
            streams = layer(streams, p, moments)
        return streams[0]

    def inverse(self, z: Tensor, t: Tensor) -> Tensor:
        """Return x, (N, d), from z, (N, d), at times (N, 1)."""
        prepared, moments = self._prepared(t, order=0)
        for layer, p in zip(
            reversed(self._bijections()), reversed(prepared), strict=True
        ):
            z = layer.inverse(z, p, moments)
        return z

    def _bijections(self) -> list[Bijection]:
        return [layer for layer in self.layers if isinstance(layer, Bijection)]

    def _prepared(self, t: Tensor, order: int) -> tuple[list[Any], Moments]:
        """Prepare all layers, layers of one kind together, at the distinct times."""
        t, moments = distinct(t)
        c = self.conditioner(t, order)
        bijections = self._bijections()
        prepared: list[Any] = [None] * len(bijections)
        for numbers in self._kinds.values():
            layers = [bijections[i] for i in numbers]
            stacked = torch.stack([c[..., self.slices[i]] for i in numbers], dim=2)
            found = layers[0].prepare(layers, stacked)
            for i, p in zip(numbers, found, strict=True):
                prepared[i] = p
        return prepared, moments
