"""The baseline without any law: a residual network of points."""

from __future__ import annotations

import deepxde as dde
import torch
from torch import Tensor

__all__ = ["ResidualFlow"]


class ResidualFlow(dde.nn.pytorch.NN):  # type: ignore[misc]
    r"""A plain network of a density and a horizontal velocity.

    .. math:: h \mapsto h + W_2\,\sigma(N_2(W_1\,\sigma(N_1(h)) + b_1)) + b_2

    in each block, with :math:`\sigma(a) = \max(a, 0)` and batch normalizations N. The
    density is the exponential of the first output; the last component of the velocity
    is 0. Outputs have the columns ``(rho, u_1..u_d)``. In training, rows of a batch
    are not independent: derivatives by the inputs need ``eval()``.

    Args:
        dim: Number of space dimensions d.
        width: Number of units of each layer.
        blocks: Number of blocks.

    References:
        F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024), section 5.3,
        https://arxiv.org/abs/2305.16846: "MLP".
    """

    def __init__(self, dim: int, width: int, blocks: int) -> None:
        super().__init__()
        real = dde.config.real(torch)
        self.dim, self.output, self.regularizer = dim, "velocity", None
        self.first = torch.nn.Linear(dim + 1, width, dtype=real)
        self.blocks = torch.nn.ModuleList(_block(width, real) for _ in range(blocks))
        self.last = torch.nn.Linear(width, dim, dtype=real)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map inputs (N, d + 1), time last, to outputs (N, d + 1)."""
        h = self.first(inputs)
        for block in self.blocks:
            h = h + block(h)
        log_rho, u = self.last(h).tensor_split([1], dim=1)
        return torch.cat([log_rho.exp(), u, torch.zeros_like(log_rho)], dim=1)


def _block(width: int, real: torch.dtype) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for _ in range(2):
        layers.append(torch.nn.BatchNorm1d(width, dtype=real))
        layers.append(torch.nn.ReLU())
        layers.append(torch.nn.Linear(width, width, dtype=real))
    return torch.nn.Sequential(*layers)
