"""The network of time that conditions all layers of a flow at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import deepxde as dde
import torch
from torch import Tensor

from ..jets.activations import get
from ..jets.dense import dense
from ..jets.jets import jet_space

__all__ = ["TimeNetwork"]


class TimeNetwork(torch.nn.Module):
    r"""The map :math:`t \mapsto c(t) = c_0 + C\,e(t)` with its time derivatives.

    The embedding :math:`e` is a multilayer perceptron; one matrix C serves all layers.
    At first C is small: the flow hardly depends on time.

    Args:
        start: Constant part :math:`c_0` before training, (K,).
        hidden: Widths of the embedding.
        times: First and last time, scaled to -1 and 1.
        activation: A smooth activation.

    Raises:
        ValueError: Times that do not increase, or no hidden width.
    """

    def __init__(
        self,
        start: Tensor,
        hidden: Sequence[int] = (64, 64),
        times: tuple[float, float] = (0.0, 1.0),
        activation: str = "silu",
    ) -> None:
        super().__init__()
        if len(times) != 2 or not times[0] < times[1]:
            raise ValueError(
                f"times: must hold the first and the last time, got {times!r}."
            )
        if not hidden or not all(isinstance(n, int) and n > 0 for n in hidden):
            raise ValueError(
                "time_embedding: must hold one positive width per layer, at least one, "
                f"got {hidden!r}. Use for example (64, 64)."
            )
        real = dde.config.real(torch)
        self.middle, self.scale = sum(times) / 2, 2 / (times[1] - times[0])
        self.activation = get(activation)
        self.hidden = torch.nn.ModuleList(
            torch.nn.Linear(m, n, dtype=real) for m, n in pairwise([1, *hidden])
        )
        self.constant = torch.nn.Parameter(start.clone().to(real))
        matrix = torch.empty(len(start), hidden[-1], dtype=real)
        self.matrix = torch.nn.Parameter(matrix.uniform_(-1e-3, 1e-3))

    def forward(self, t: Tensor, order: int) -> Tensor:
        """Return c and its first ``order`` derivatives, (1 + order, T, K).

        Args:
            t: Times, shape (T, 1).
            order: Number of derivatives.
        """
        streams = [self.scale * (t - self.middle), torch.full_like(t, self.scale)]
        streams += [torch.zeros_like(t)] * (order - 1)
        h, space = torch.stack(streams[: order + 1]), jet_space(1, order)
        for linear in self.hidden:
            weight, bias = linear.parameters()
            h = dense(h, weight, bias, self.activation, space)
        c = torch.nn.functional.linear(h, self.matrix)
        return torch.cat([c[:1] + self.constant, c[1:]])
