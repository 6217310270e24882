"""Divergence-free vector fields without time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..constructions import Term
from ..potentials import Initializer
from ._checks import check_layer_sizes, check_periods, scaled_field
from ._field import Constant, FieldNet

__all__ = ["DivergenceFree"]


class DivergenceFree(FieldNet):
    r"""A vector field on :math:`\mathbb{R}^n` or a torus with
    :math:`\nabla\cdot v = 0` exactly.

    .. math:: v_i = \sum_j \partial_j A_{ij}, \qquad A = -A^T

    Args:
        layer_sizes: ``[n, hidden..., n + extras]``; columns ``(v_1..v_n, extras...)``.
        activation: As for :class:`NCL`.
        kernel_initializer: For example ``"Glorot normal"``.
        regularization: As for ``dde.nn.FNN``.
        construction: ``"matrix"`` or ``"vector"``, as for :class:`NCL`.
        periods: Period of every axis (a number), or a list with ``None`` for axes that
            are not periodic.
        harmonics: Harmonics of the embedding of a periodic axis.
        scale: As for :class:`NCL`.
        served: As for :class:`NCL`.

    Raises:
        ValueError: An argument is out of its range.

    References:
        J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws: A
        Divergence-Free Perspective (NeurIPS 2022), section 3,
        https://arxiv.org/abs/2210.01741.
    """  # noqa: D205

    def __init__(
        self,
        layer_sizes: Sequence[int],
        activation: Any,
        kernel_initializer: str | Initializer,
        regularization: Any = None,
        *,
        construction: str = "matrix",
        periods: Sequence[float | None] | float | None = None,
        harmonics: int = 1,
        scale: float | None = None,
        served: int = 1,
    ) -> None:
        extras = check_layer_sizes(layer_sizes, 2, "(v_1..v_n)")
        n = layer_sizes[0]
        axes = check_periods(periods, n, rest=0)
        field = scaled_field(construction, range(n), axes, harmonics, scale)
        super().__init__(
            layer_sizes[1:-1],
            activation,
            kernel_initializer,
            regularization,
            terms=[
                *field.components,
                *([Term((), field.num_potentials + k)] for k in range(extras)),
            ],
            num_channels=field.num_potentials + extras,
            constants=[*[Constant()] * n, *[Constant(is_trained=True)] * extras],
            periods=axes,
            harmonics=harmonics,
            served=served,
        )
