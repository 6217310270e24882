"""Divergence-free vector fields without time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torch import Tensor

from ..potentials import constructions
from ..potentials.constructions import CONSTRUCTIONS, Construction
from ..potentials.differential_operator import DifferentialOperator
from ..potentials.network import Initializer, PotentialNetwork
from .base.checks import check_layer_sizes, check_periods, check_streams
from .base.columns import SCRIPTS, named_columns
from .base.field import FieldNet
from .base.scale import scaled_operator
from .base.scales import Scales
from .base.spec import Constant, FieldSpec, Layers
from .base.units import NetworkUnits

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
        construction: As for :class:`NCL`. One without a contraction is computed by
            jets in all dimensions.
        periods: Period of every axis (a number), or a list with ``None`` for axes that
            are not periodic.
        harmonics: Harmonics of the embedding of a periodic axis.
        scale: As for :class:`NCL`.
        scales: As for :class:`NCL`.
        served: Number of derivatives of the outputs computed by jets, with all the
            :math:`n^2` entries of the Jacobian: 1 or 2, or 0 for contracted tangents.
            By default as for :class:`NCL` up to 8 dimensions, 0 beyond.
        columns: As for :class:`NCL`.

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
        construction: str | Construction = "matrix",
        periods: Sequence[float | None] | float | None = None,
        harmonics: int = 1,
        scale: float | None = None,
        scales: Scales | None = None,
        served: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        extras = check_layer_sizes(layer_sizes, 2, "(v_1..v_n)")
        n = layer_sizes[0]
        axes = check_periods(periods, n, rest=0)
        construction = constructions.get(construction)
        units = NetworkUnits.of(scales, n, extras, has_time=False)
        field = scaled_operator(
            construction, range(n), axes, harmonics, scale, units, 1 / units.reach[-1]
        )
        sizes = [*units.velocity, *units.extras]
        if served is None and n > MOST_AXES_SERVED:
            served = 0
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
                field.components,
                field.num_potentials,
                [Constant()] * n,
                extras,
                served,
                contraction=_contraction(construction, field, n, sizes),
                sizes=sizes,
            ),
        )
        self.columns = named_columns(SCRIPTS["DivergenceFree"], n, extras, columns)


def _contraction(
    construction: Construction,
    field: DifferentialOperator,
    n: int,
    sizes: Sequence[float],
) -> Callable[[PotentialNetwork, Tensor], Tensor] | None:
    """Return the way to the field without jets, if the construction has one.

    Raises:
        ValueError: It has none, and jets in n dimensions are too large.
    """
    if construction.contraction is not None:
        contract = partial(construction.contraction, scale=field.scale)
        return partial(_contracted, contract, sizes)
    others = [name for name, c in CONSTRUCTIONS.items() if c.contraction is not None]
    check_streams(
        "construction",
        n,
        field.order,
        f"{construction.name!r} has no contraction, which does without jets. Use one "
        f"that has, {' or '.join(map(repr, others))}, or fewer dimensions.",
    )
    return None


def _contracted(
    contract: Callable[[PotentialNetwork, Tensor], Tensor],
    sizes: Sequence[float],
    network: PotentialNetwork,
    inputs: Tensor,
) -> Tensor:
    """Return the field by scaled inputs, carried to the inputs, (N, n + extras)."""
    outputs = contract(network, network.scaling(inputs))
    return outputs if set(sizes) == {1.0} else outputs * outputs.new_tensor(sizes)
