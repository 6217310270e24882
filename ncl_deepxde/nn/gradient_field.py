"""Gradients of a potential: vector fields without curl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import vjp

from ..jets.jets import jet_space
from ..potentials.differential_operator import Summand
from ..potentials.network import Initializer, PotentialNetwork
from .base.checks import check_layer_sizes, check_periods, check_positive
from .base.columns import SCRIPTS, named_columns
from .base.field import FieldNet
from .base.scale import highest_frequency
from .base.scales import Scales
from .base.spec import Constant, FieldSpec, Layers
from .base.units import NetworkUnits

__all__ = ["GradientField"]


class GradientField(FieldNet):
    r"""A vector field :math:`v = c\,\nabla\varphi` on :math:`\mathbb{R}^n` or a torus.

    Its Jacobian is symmetric: the curl vanishes, exactly. On a torus the mean of every
    component along the axis of the same number vanishes too. The gradient comes from
    one pass backward, at the cost of a few evaluations of :math:`\varphi` in any
    dimension.

    Args:
        layer_sizes: ``[n, hidden..., n]``; columns ``(v_1..v_n)``.
        activation: As for :class:`NCL`.
        kernel_initializer: For example ``"Glorot normal"``.
        regularization: As for ``dde.nn.FNN``.
        periods: Period of every axis (a number), or a list with ``None`` for axes that
            are not periodic.
        harmonics: Harmonics of the embedding of a periodic axis.
        scale: The number c; by default one over the highest frequency of the embedding.
        scales: As for :class:`NCL`. Components are in proportion to one over the
            lengths; the velocity is that along the axis of the smallest one.
        columns: As for :class:`NCL`.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> net = GradientField([2, 8, 2], "tanh", "Glorot normal", periods=1.0)
        >>> net(torch.rand(5, 2)).shape
        torch.Size([5, 2])
    """

    why_no_output_transform = (
        "would break curl v = 0, which holds for the outputs as they are. Transform "
        "quantities in the pde function instead."
    )

    def __init__(
        self,
        layer_sizes: Sequence[int],
        activation: Any,
        kernel_initializer: str | Initializer,
        regularization: Any = None,
        *,
        periods: Sequence[float | None] | float | None = None,
        harmonics: int = 1,
        scale: float | None = None,
        scales: Scales | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        if check_layer_sizes(layer_sizes, 1, "(v_1..v_n)"):
            raise ValueError(
                "layer_sizes: the last entry must equal the first, n components of a "
                f"field in n dimensions, got {list(layer_sizes)}."
            )
        n = layer_sizes[0]
        axes = check_periods(periods, n, rest=0)
        units = NetworkUnits.of(scales, n, has_time=False)
        highest = highest_frequency(units.periods(axes), harmonics)
        if scale is None:
            scale = 1 / highest
        check_positive(scale=scale)
        scale = scale * max(units.velocity) * min(units.lengths)
        self._scale = scale
        super().__init__(
            Layers(
                layer_sizes[1:-1],
                activation,
                kernel_initializer,
                regularization,
                axes,
                harmonics,
                units,
            ),
            FieldSpec(
                [[Summand((i,), 0, scale)] for i in range(n)],
                1,
                [Constant()] * n,
                extras=0,
                served=0,
                contraction=self._gradient,
            ),
        )
        self.columns = named_columns(SCRIPTS["GradientField"], n, 0, columns)

    def potential(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`c\,\varphi`, shape (N, 1), for inputs (N, n)."""
        return self._scale * _value(self.network, self._checked(inputs))

    def _gradient(self, network: PotentialNetwork, inputs: Tensor) -> Tensor:
        found: Any = vjp(lambda x: _value(network, x), inputs)
        value, pull = found
        gradient: Tensor = pull(torch.full_like(value, self._scale))[0]
        return gradient


def _value(network: PotentialNetwork, inputs: Tensor) -> Tensor:
    """Return the outputs without derivatives, (N, channels)."""
    return network.jet(inputs, jet_space(inputs.shape[1], 0))[0]
