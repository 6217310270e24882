"""A density that is not conserved: one law with a source, exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from torch import Tensor

from ..potentials import constructions
from ..potentials.constructions import Construction
from ..potentials.network import Initializer
from .base.checks import check_kind, check_periods
from .base.columns import SCRIPTS
from .base.contract import SourcedFlow
from .base.flow_field import FlowFieldNet
from .base.laws import LawColumns
from .base.scales import Scales
from .base.spec import Constant, FieldSpec, Layers
from .base.units import NetworkUnits
from .constraints.continuation import Continuation, continued_law
from .constraints.joined import joined
from .constraints.law import AddedFlux, BuiltInSource, FluxField, Law, law_of
from .constraints.start_and_wall import InitialState, Wall

__all__ = ["SourcedNCL"]


class SourcedNCL(FlowFieldNet, SourcedFlow):
    r"""Density and momentum with :math:`\partial_t\rho + \nabla\cdot m = s` exactly.

    What ``NCL(..., source=...)`` makes: a flow that is no ``ContinuityLaw``. Outputs
    have the columns ``(rho, m_1..m_d, extras...)``, with a trained source ``(rho,
    m_1..m_d, s, extras...)``. :class:`BalanceLaws` has several laws.

    Args:
        layer_sizes: ``[d + 1, hidden..., 1 + d + extras]``, one more with a trained
            source.
        activation: As for :class:`NCL`.
        kernel_initializer: As for :class:`NCL`.
        regularization: As for :class:`NCL`.
        source: As for :class:`NCL`, not ``None``.
        construction: As for :class:`NCL`.
        periods: As for :class:`NCL`.
        harmonics: As for :class:`NCL`.
        scale: As for :class:`NCL`.
        scales: As for :class:`NCL`.
        output: As for :class:`NCL`.
        mean_density: As for :class:`NCL`; the mean that is left of the source.
        mean_momentum: As for :class:`NCL`.
        initial: As for :class:`NCL`; a ``Continuation`` is one of a network with the
            same source.
        wall: As for :class:`NCL`.
        lifting: As for :class:`NCL`.
        served: As for :class:`NCL`.
        columns: Names of all columns, as the script calls them.

    Raises:
        ValueError: An argument is out of its range.
    """

    why_no_output_transform = (
        "would break d_t rho + div m = s, which holds for the outputs as they are. "
        "Transform quantities in the pde function instead, or the inputs by "
        "apply_feature_transform."
    )

    def __init__(
        self,
        layer_sizes: Sequence[int],
        activation: Any,
        kernel_initializer: str | Initializer,
        regularization: Any = None,
        *,
        source: BuiltInSource | Literal["trained"],
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
        lifting: AddedFlux | None = None,
        served: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        is_trained = _is_trained(source)
        check_kind("initial", initial, InitialState, Continuation)
        place = LawColumns.of(layer_sizes, 1, (0,) if is_trained else ())
        axes = check_periods(periods, place.dim, rest=1)
        units = NetworkUnits.of(scales, place.dim, place.extras)
        law = law_of(
            FluxField(constructions.get(construction), axes, harmonics, scale),
            units,
            is_trained,
            mean_density,
            continued_law(initial, place.law(0)),
            wall,
            lifting,
            None if isinstance(source, str) else source,
            mean_momentum=mean_momentum,
            first_density=1.0,
            known_as="source",
        )
        base = initial if isinstance(initial, Continuation) else None
        _check_continued(base, law, is_trained)
        (rows,), ansatz = joined([law.group], place.extras)
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
                rows,
                law.group.num_channels,
                [*law.means, *[Constant()] * is_trained],
                place.extras,
                served,
                ansatz,
                base=base,
                sizes=[*law.sizes, *[1.0] * is_trained, *units.extras],
            ),
            output=output,
            native="flux",
        )
        self.num_sources = int(is_trained)
        self._law, self._given = law, law.given
        named = [*SCRIPTS["NCL"].columns(place.dim), *["s"] * is_trained]
        named += [f"extra_{k + 1}" for k in range(place.extras)]
        self.columns = place.names(named if columns is None else columns)

    def source(self, inputs: Tensor) -> Tensor:
        """See ``SourcedFlow``."""
        if self._law.supply is not None:
            return self._law.supply.rate(self._checked(inputs))
        column = self.dim + 1
        return self._serve(inputs, None)[:, column : column + 1]


def _check_continued(base: Continuation | None, law: Law, is_trained: bool) -> None:
    """Refuse to go on from a flow of another source.

    Raises:
        ValueError: The earlier network has none, or another one.
    """
    if base is None:
        return
    if not isinstance(base.net, SourcedNCL) or base.net.num_sources != is_trained:
        raise ValueError(
            "initial: the network which is continued must have the same source, got a "
            f"{type(base.net).__name__}. Build both with the same source=."
        )
    law.check_continues(base.net._law)


def _is_trained(source: Any) -> bool:
    """Tell whether a source is trained.

    Raises:
        ValueError: It is neither ``"trained"`` nor a known source.
    """
    if isinstance(source, str) and source != "trained":
        raise ValueError(
            "source: must be 'trained', a function of the inputs or an nn.KnownSource, "
            f"got {source!r}."
        )
    return isinstance(source, str)
