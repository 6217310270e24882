"""Neural conservation laws: density and momentum that obey continuity exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from ..potentials import constructions
from ..potentials.constructions import Construction
from ..potentials.network import Initializer
from .base.checks import check_layer_sizes, check_periods
from .base.columns import SCRIPTS, named_columns
from .base.contract import ContinuityLaw
from .base.flow_field import FlowFieldNet
from .base.scales import Scales
from .base.spec import FieldSpec, Layers
from .base.units import NetworkUnits
from .constraints.continuation import (
    Continuation,
    check_continued_flow,
    continued_law,
)
from .constraints.joined import joined
from .constraints.law import AddedFlux, FluxField, Law, law_of
from .constraints.start_and_wall import InitialState, Wall
from .sourced_ncl import SourcedNCL

__all__ = ["NCL"]


class NCL(FlowFieldNet, ContinuityLaw):
    r"""Density and momentum with :math:`\partial_t\rho + \nabla\cdot m = 0` exactly.

    The flux :math:`(\rho, m)` is a divergence-free field in space-time, the row
    divergence of an antisymmetric matrix field :math:`A` of networks; index 0 is time:

    .. math:: \rho = \sum_j \partial_j A_{0j}, \qquad
        m_i = -\partial_t A_{0i} + \sum_j \partial_j A_{ij} .

    Takes the place of ``dde.nn.FNN`` with the same first arguments; the continuity
    residual can then be dropped. Outputs have the columns ``(rho, m_1..m_d,
    extras...)``; extras (a pressure) are free. ``dde.grad.jacobian`` of the outputs
    needs no pass through the network: the derivatives are computed in forward by jets.

    Args:
        layer_sizes: ``[d + 1, hidden..., 1 + d + extras]``, as for ``dde.nn.FNN``.
        activation: ``"tanh"``, ``"sin"``, ``"silu"``, ``"gelu"``, ``"sigmoid"``,
            ``"softplus"``, a smooth function, or a list of these.
        kernel_initializer: For example ``"Glorot normal"``.
        regularization: As for ``dde.nn.FNN``.
        construction: ``"matrix"``: :math:`d(d+1)/2` potentials, one derivative.
            ``"vector"``: :math:`d + 1` potentials :math:`b` with :math:`A_{ij} =
            \partial_j b_i - \partial_i b_j`, two derivatives. Or another name that
            ``potentials.register`` was given, or a ``potentials.Construction``.
        periods: Period of every space axis (a number), or a list with ``None`` for
            axes that are not periodic.
        harmonics: Harmonics of the embedding of a periodic axis.
        scale: Number that multiplies the field of the potentials. By default
            :math:`(2\pi k/L)^{-q}` with the highest frequency of the embedding and the
            order q of the construction, which undoes what the derivatives of the
            embedding multiply by; 1 without periodic axes.
        scales: Typical lengths, times and sizes, where they are far from one. Inputs,
            outputs and all other arguments stay in your units.
        output: ``"flux"`` or ``"velocity"``: whether columns 1..d hold :math:`m` or
            :math:`u = m/\rho`.
        mean_density: Constant added to the density: on a torus (all axes periodic) the
            exact mean of the density, at all times. A number, or ``"trained"``, the
            default on a torus, starting from 1 (the density of the scales); 0
            elsewhere.
        mean_momentum: Constant added to the momentum: d numbers or ``"trained"``, the
            default on a torus, starting from 0.
        initial: State that the network starts from exactly. It determines the mean
            density, and on a torus, where it has a momentum, the mean momentum.
        wall: Wall at rest: :math:`m\cdot n = 0` on it, exactly, so that the total mass
            is constant; tangential slip is free.
        source: Source s of :math:`\partial_t\rho + \nabla\cdot m = s`: a function of
            the inputs, (N, d + 1) -> (N, 1), or a ``KnownSource``, which is built in;
            or ``"trained"``, which is the column after the momentum. The class then
            makes a :class:`SourcedNCL`, which is no ``ContinuityLaw``.
        lifting: Known momentum that is added: a ``KnownFlux`` through open ends and
            sides, or one without divergence, as for :class:`Incompressible`: its normal
            component on the wall takes the place of 0, an inflow through a side that is
            taken as wall. By an
            :class:`nn.Lifting` of ``flows`` it passes between the parts of a wall in
            the plane, beside what moves with the density; that part of the flow is
            trained by default.
        served: Number of derivatives of the outputs computed by jets: 1; 2 where the
            pde asks for second derivatives (viscosity); 0 for plain autograd. By
            default 1, until the pde is found to ask for second derivatives or for
            Laplacians (``operators.laplacian``), which are served from then on.
        columns: What the script takes the columns for, such as ``("rho", "mx",
            "my")``: any other meaning is refused, with the class that has it. Without,
            the meaning is logged once.

    Raises:
        ValueError: An argument is out of its range.

    References:
        J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws: A
        Divergence-Free Perspective (NeurIPS 2022), sections 3 and 4,
        https://arxiv.org/abs/2210.01741.

    Example:
        >>> net = NCL([3] + [32] * 2 + [4], "tanh", "Glorot normal", periods=1.0)
        >>> net.dim
        2
    """

    _law: Law

    def __new__(cls, *args: Any, source: Any = None, **kwargs: Any) -> Any:
        """Make a network with a source where there is one."""
        if cls is NCL and source is not None:
            return SourcedNCL(*args, source=source, **kwargs)
        return super().__new__(cls)

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
        mean_density: float | Literal["trained"] | None = None,
        mean_momentum: Sequence[float] | Literal["trained"] | None = None,
        initial: InitialState | Continuation | None = None,
        wall: Wall | None = None,
        source: None = None,
        lifting: AddedFlux | None = None,
        served: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        check_continued_flow(initial)
        extras = check_layer_sizes(layer_sizes, 2, "(rho, m_1..m_d)")
        d = layer_sizes[0] - 1
        axes = check_periods(periods, d, rest=1)
        units = NetworkUnits.of(scales, d, extras)
        law = law_of(
            FluxField(constructions.get(construction), axes, harmonics, scale),
            units,
            False,
            mean_density,
            continued_law(initial, slice(0, d + 1)),
            wall,
            lifting,
            None,
            mean_momentum=mean_momentum,
            first_density=1.0,
        )
        base = initial if isinstance(initial, Continuation) else None
        if base is not None and isinstance(base.net, NCL):
            law.check_continues(base.net._law)
        (flux,), ansatz = joined([law.group], extras)
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
                flux,
                law.group.num_channels,
                law.means,
                extras,
                served,
                ansatz,
                base=base,
                sizes=[*units.flux, *units.extras],
            ),
            output=output,
            native="flux",
        )
        self._law, self._given = law, law.given
        kind = "NCL" if output == "flux" else 'NCL(output="velocity")'
        self.columns = named_columns(SCRIPTS[kind], d, extras, columns)
