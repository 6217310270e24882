"""Divergence-free vector fields without time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ..potentials.constructions import Term
from ..potentials.contractions import CONTRACTIONS
from ..potentials.network import Initializer
from .base.checks import check_layer_sizes, check_periods, scaled_field
from .base.field import Constant, FieldNet

__all__ = ["DivergenceFree"]

MOST_AXES_SERVED = 8
"""Dimensions up to which the whole Jacobian comes cheaper from jets."""


class DivergenceFree(FieldNet):
    r"""A vector field on :math:`\mathbb{R}^n` or a torus with
    :math:`\nabla\cdot v = 0` exactly.

    .. math:: v_i = \sum_j \partial_j A_{ij}, \qquad A = -A^T

    In many dimensions the field is computed by contracted tangents (see
    ``contractions``): a point costs n times a plain evaluation, with memory for
    :math:`O(n)` hidden layers, though :math:`A` has :math:`n^2` entries. The Jacobian
    is then left to autograd, a backward pass for each row asked for (by
    ``dde.grad.jacobian``, say); what needs only its products has them in one pass each,
    ``torch.func.jvp(net, (x,), (w,))`` and ``torch.func.vjp(net, x)``.

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
        served: Number of derivatives of the outputs computed by jets, with all the
            :math:`n^2` entries of the Jacobian: 1 or 2, or 0 for contracted tangents.
            By default 1 up to 8 dimensions, 0 beyond.

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
        served: int | None = None,
    ) -> None:
        extras = check_layer_sizes(layer_sizes, 2, "(v_1..v_n)")
        n = layer_sizes[0]
        axes = check_periods(periods, n, rest=0)
        field = scaled_field(construction, range(n), axes, harmonics, scale)
        if served is None:
            served = 1 if n <= MOST_AXES_SERVED else 0
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
            contraction=partial(CONTRACTIONS[construction], scale=field.scale),
        )
