r"""Invertible densely connected networks, conditioned on time."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from numbers import Integral
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from .bijection import Bijection
from .dense_streams import dense_streams
from .moments import Moments
from .solve import solve_residual

__all__ = ["InvertibleDenseNet"]


class InvertibleDenseNet(Bijection):
    r"""The map :math:`y = x + g(x, t)` with a contraction :math:`g`.

    .. math:: h_0 = x, \qquad
        h_l = \begin{pmatrix} \cos\theta_l\, h_{l-1} \\
              \sin\theta_l\, \sigma(W_l h_{l-1} + b_l(t)) \end{pmatrix}, \qquad
        g = V h_L, \qquad \sigma(a) = \frac{\sin\omega a}{\omega}

    Spectral norms :math:`\|W_l\| \le 1` and :math:`\|V\| \le` ``lipschitz`` make every
    :math:`h_l` 1-Lipschitz in x, as :math:`\sigma` is, so :math:`\|\partial g/\partial
    x\| \le` ``lipschitz`` :math:`< 1`, at any weights: the map is invertible. Time acts
    through the biases alone, which no norm limits.

    Args:
        dim: Number of axes d.
        depth: Number L of dense layers.
        width: Units that each adds.
        lipschitz: Bound of the slope of g.
        frequency: :math:`\omega`.

    Raises:
        ValueError: A bound that is not between 0 and 1, or a size below 1.

    References:
        Y. Perugachi-Diaz, J. Tomczak, S. Bhulai, Invertible DenseNets with Concatenated
        LipSwish (NeurIPS 2021).
        F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024), section 4, whose
        activation (sin, -sin)/omega has slope sqrt 2.
    """

    def __init__(
        self,
        dim: int,
        depth: int = 3,
        width: int = 16,
        lipschitz: float = 0.97,
        frequency: float = 15.0,
    ) -> None:
        super().__init__()
        if not 0 < lipschitz < 1:
            raise ValueError(
                f"lipschitz: must be above 0 and below 1, or the flow could not be "
                f"inverted, got {lipschitz!r}. Use for example 0.97."
            )
        for name, size in {"depth": depth, "width": width}.items():
            if not isinstance(size, Integral) or size < 1:
                raise ValueError(f"{name}: must be a positive integer, got {size!r}.")
        if not 0 < frequency < math.inf:
            raise ValueError(
                f"frequency: must be positive and finite, got {frequency!r}."
            )
        self.dim, self.depth, self.width = dim, depth, width
        self.lipschitz, self.frequency = lipschitz, frequency
        self.num_coefficients = depth * width
        inputs = [dim + k * width for k in range(depth + 1)]
        outputs = [width] * depth + [dim]
        self.weights = torch.nn.ParameterList(
            _uniform((rows, columns), columns)
            for rows, columns in zip(outputs, inputs, strict=True)
        )
        angles = torch.full((depth,), math.pi / 4, dtype=dde.config.real(torch))
        self.angles = torch.nn.Parameter(angles)

    @property
    def kind(self) -> Hashable:
        """See ``Bijection``."""
        sizes = (self.dim, self.depth, self.width)
        return InvertibleDenseNet, *sizes, self.lipschitz, self.frequency

    def start_coefficients(self) -> Tensor:
        """Return biases that spread the phases of the sines."""
        widths = [(self.width, self.dim + k * self.width) for k in range(self.depth)]
        return torch.cat([_uniform((n,), inputs) for n, inputs in widths]).detach()

    @classmethod
    def prepare(cls, layers: Sequence[Any], coefficients: Tensor) -> list[Any]:
        """Return the weights as they act, and the biases (streams, T, depth width)."""
        first, depth = layers[0], layers[0].depth
        limits = [1.0] * depth + [first.lipschitz]
        angles = torch.stack([layer.angles for layer in layers])
        columns = _column_factors(angles, first.dim, first.width)
        acting = []
        for k, limit in enumerate(limits):
            W = limited(torch.stack([layer.weights[k] for layer in layers]), limit)
            acting.append((W * columns[k].unsqueeze(1)).unbind())
        per_layer = zip(*acting, strict=True)
        return list(zip(per_layer, coefficients.unbind(dim=2), strict=True))

    def forward(
        self, x: Tensor, prepared: tuple[Sequence[Tensor], Tensor], moments: Moments
    ) -> Tensor:
        """See ``Bijection``."""
        weights, biases = prepared
        g = dense_streams(x, weights, biases, moments, self.frequency)
        return x + g

    def inverse(
        self, y: Tensor, prepared: tuple[Sequence[Tensor], Tensor], moments: Moments
    ) -> Tensor:
        """See ``Bijection``: by Newton's method, to round-off."""
        weights, biases = prepared

        def residual(streams: Tensor) -> Tensor:
            value = self.forward(streams, (weights, biases[:1]), moments)
            return torch.cat([value[:1] - y, value[1:]])

        largest = moments.gather(biases[0].detach().abs().amax(dim=1))
        return solve_residual(residual, y, 1 + largest)


def limited(W: Tensor, limit: float) -> Tensor:
    r"""Return :math:`W \min(1, c / \|W\|_2)` of matrices (B, m, n).

    The norm is the largest singular value to round-off: a power iteration would come
    from below and let the product pass the limit.
    """
    # float32 rounds by some 1e-7; the limits 1 and 0.97 leave no other room.
    room = 1 - 8 * torch.finfo(W.dtype).eps
    norm = torch.linalg.matrix_norm(W, ord=2).clamp(min=room * limit)
    factor: Tensor = room * limit / norm
    return W * factor[:, None, None]


def _column_factors(angles: Tensor, dim: int, width: int) -> list[Tensor]:
    r"""Return the factors of a layer's columns if all units stay as computed, (B, n).

    The block that layer l adds is multiplied by :math:`\sin\theta_l` and by
    :math:`\cos\theta_m` of all later ones.
    """
    factors = angles.new_ones(len(angles), dim)
    found = [factors]
    for theta in angles.unsqueeze(-1).unbind(dim=1):
        added = theta.sin().expand(-1, width)
        found.append(torch.cat([theta.cos() * found[-1], added], dim=1))
    return found


def _uniform(shape: tuple[int, ...], inputs: int) -> torch.nn.Parameter:
    """Return values that a linear layer starts from."""
    bound = 1 / math.sqrt(inputs)
    weight = torch.empty(shape, dtype=dde.config.real(torch)).uniform_(-bound, bound)
    return torch.nn.Parameter(weight)
