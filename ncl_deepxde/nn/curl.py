"""The incompressible baseline: a divergence-free velocity and a free density."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..potentials import constructions
from ..potentials.constructions import Construction
from ..potentials.differential_operator import Summand
from ..potentials.network import Initializer
from .base.checks import check_layer_sizes, check_periods
from .base.columns import SCRIPTS, named_columns
from .base.flow_field import FlowFieldNet
from .base.scale import scaled_operator
from .base.scales import Scales
from .base.spec import Constant, FieldSpec, Layers
from .base.units import NetworkUnits

__all__ = ["CurlNet"]


class CurlNet(FlowFieldNet):
    r"""A velocity with :math:`\nabla\cdot u = 0` exactly and a free density.

    At every time the velocity is the row divergence of an antisymmetric matrix field
    in space, :math:`u_i = \sum_j \partial_j A_{ij}` (in two dimensions the stream
    function, in three the curl of a potential). Continuity is **not** built in: train
    :math:`\partial_t\rho + u\cdot\nabla\rho = 0` as a residual.

    Args:
        layer_sizes: ``[d + 1, hidden..., 1 + d + extras]``, d at least 2.
        activation: As for :class:`NCL`.
        kernel_initializer: For example ``"Glorot normal"``.
        regularization: As for ``dde.nn.FNN``.
        construction: As for :class:`NCL`, in space.
        periods: As for :class:`NCL`.
        harmonics: As for :class:`NCL`.
        scale: As for :class:`NCL`.
        scales: As for :class:`NCL`.
        output: ``"flux"`` or ``"velocity"``, as for :class:`NCL`.
        served: As for :class:`NCL`.
        columns: As for :class:`NCL`.

    Raises:
        ValueError: An argument is out of its range.

    References:
        J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws: A
        Divergence-Free Perspective (NeurIPS 2022), section 5.2 (the baseline),
        https://arxiv.org/abs/2210.01741.
    """

    why_no_output_transform = (
        "would break div(u) = 0, which holds for the outputs as they are. Transform "
        "quantities in the pde function instead, or the inputs by "
        "apply_feature_transform."
    )

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
        output: str = "flux",
        served: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        extras = check_layer_sizes(layer_sizes, 3, "(rho, u_1..u_d)")
        d = layer_sizes[0] - 1
        axes = check_periods(periods, d, rest=1)
        construction = constructions.get(construction)
        units = NetworkUnits.of(scales, d, extras)
        field = scaled_operator(
            construction, range(d), axes, harmonics, scale, units, 1 / units.reach[-1]
        )
        density = Summand((), field.num_potentials, units.density)
        on_torus = None not in axes[:-1]
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
                [[density], *field.components],
                field.num_potentials + 1,
                [Constant(1.0, True), *[Constant(0.0, on_torus)] * d],
                extras,
                served,
                sizes=[units.density, *units.velocity, *units.extras],
            ),
            output=output,
            native="velocity",
        )
        kind = "CurlNet" if output == "flux" else 'CurlNet(output="velocity")'
        self.columns = named_columns(SCRIPTS[kind], d, extras, columns)
