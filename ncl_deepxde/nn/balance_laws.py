"""Several balance laws at once, each exact, with sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ..jets.served import Demand
from ..potentials import constructions
from ..potentials.constructions import Construction
from ..potentials.network import Initializer
from .base.balance import BalanceNet
from .base.checks import check_periods, check_positive
from .base.field import FieldNet
from .base.laws import LawColumns, conversion_of
from .base.predecessor import Continuable
from .base.scales import Scales
from .base.spec import Constant, FieldSpec, Layers
from .base.units import NetworkUnits
from .constraints.continuation import Continuation, ContinuedLaw
from .constraints.joined import joined
from .constraints.law import AddedFlux, BuiltInSource, FluxField, Law, law_of
from .constraints.means import Mean
from .constraints.start_and_wall import InitialState, Wall
from .constraints.start_sizes import StartSizes

__all__ = ["BalanceLaws"]


class BalanceLaws(FieldNet, BalanceNet, Continuable):
    r"""K laws :math:`\partial_t q_k + \nabla\cdot F_k = s_k`, all exact.

    Each law has a divergence-free field in space-time, as :class:`NCL` has one, and
    where its source is trained a potential :math:`\sigma_k`; index 0 is time:

    .. math:: q_k = \sum_j \partial_j A^k_{0j} + \sigma_k, \quad
        F_{ki} = -\partial_t A^k_{0i} + \sum_j \partial_j A^k_{ij}, \quad
        s_k = \partial_t\sigma_k .

    What is left to train is the closure, :math:`F_k = F_k(q)` and :math:`s_k = s_k(q,
    x, t)`: algebra where the laws are hyperbolic, of first order where they are
    parabolic. ``ncl_deepxde.laws`` has closures. Outputs have the columns law by law
    ``(q_k, F_k1..F_kd)``, then the sources of the laws in ``sources``, then free
    extras; all of them come from one perceptron. Laws are counted from 0.

    Args:
        layer_sizes: ``[d + 1, hidden..., laws * (1 + d) + len(sources) + extras]``, as
            for ``dde.nn.FNN``.
        activation: As for :class:`NCL`.
        kernel_initializer: For example ``"Glorot normal"``.
        regularization: As for ``dde.nn.FNN``.
        laws: Number K of laws.
        sources: Numbers of the laws whose source is trained.
        construction: As for :class:`NCL`, the same for all laws.
        periods: As for :class:`NCL`.
        harmonics: As for :class:`NCL`.
        scale: As for :class:`NCL`.
        scales: As for :class:`NCL`; ``density`` is the size of every state.
        sizes: Size of the state :math:`q_k` of each law, in place of ``density``, where
            the laws are of different units; they must be given where states start with
            sizes that differ by 1e5.
        output: ``"flux"``, or ``"velocity"`` for :math:`F_k / q_k` in the columns of
            the flux.
        mean_density: Constant added to each state: K entries, each a number,
            ``"trained"`` or ``None``. On a torus, where it is trained by default, it
            is the exact mean of a state without a source.
        initial: State that each law starts from exactly: K entries, each an
            ``InitialState`` (its density is :math:`q_k`, its momentum :math:`F_k` if
            that is known) or ``None``; or a ``Continuation`` of a network of the same
            laws.
        wall: Wall at rest, :math:`F_k\cdot n = 0`: one for all laws, or K entries, each
            a ``Wall`` or ``None``.
        known_sources: Source of each law that is known: K entries, each a function of
            the inputs, (N, d + 1) -> (N, 1), a ``KnownSource``, or ``None``. It is part
            of the column :math:`s_k` where the law has one.
        lifting: Known flux that is added to each law: K entries, each one without
            divergence, as for :class:`NCL`, a ``KnownFlux``, which open ends and sides
            have, or ``None``.
        served: As for :class:`NCL`.
        columns: Names of all columns, as the script calls them.

    Raises:
        ValueError: An argument is out of its range; where it is that of one law, the
            message begins with the number of the law.

    References:
        J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws: A
        Divergence-Free Perspective (NeurIPS 2022), https://arxiv.org/abs/2210.01741:
        one law without a source.

    Example:
        >>> net = BalanceLaws([2] + [32] * 2 + [4], "tanh", "Glorot normal", laws=2)
        >>> net.columns  # of inputs (x, t)
        ('q_0', 'F_01', 'q_1', 'F_11')
    """

    why_no_output_transform = (
        "would break d_t q + div F = s, which holds for the outputs as they are. "
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
        laws: int,
        sources: Sequence[int] = (),
        construction: str | Construction = "matrix",
        periods: Sequence[float | None] | float | None = None,
        harmonics: int = 1,
        scale: float | None = None,
        scales: Scales | None = None,
        sizes: Sequence[float] | None = None,
        output: str = "flux",
        mean_density: Sequence[Mean] | None = None,
        initial: Sequence[InitialState | None] | Continuation | None = None,
        wall: Wall | Sequence[Wall | None] | None = None,
        lifting: Sequence[AddedFlux | None] | None = None,
        known_sources: Sequence[BuiltInSource | None] | None = None,
        served: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        place = LawColumns.of(layer_sizes, laws, sources)
        axes = check_periods(periods, place.dim, rest=1)
        units = NetworkUnits.of(scales, place.dim, place.extras)
        field = FluxField(constructions.get(construction), axes, harmonics, scale)
        base = initial if isinstance(initial, Continuation) else None
        walls = [wall] * laws if isinstance(wall, Wall) else _each("wall", wall, laws)
        starts = _each("initial", _starts(base, place) or initial, laws)
        options = zip(
            _each("sizes", sizes, laws, units.density),
            _each("mean_density", mean_density, laws),
            starts,
            walls,
            _each("lifting", lifting, laws),
            _each("known_sources", known_sources, laws),
            strict=True,
        )
        found = [
            _of_law(k, field, units, k in place.sources, *given)
            for k, given in enumerate(options)
        ]
        _check_continued(base, found)
        rows, ansatz = joined([law.group for law in found], place.extras)
        n = 1 + place.dim
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
                [row for law in rows for row in law[:n]]
                + [rows[k][n] for k in place.sources],
                sum(law.group.num_channels for law in found),
                [c for law in found for c in law.means]
                + [Constant()] * len(place.sources),
                place.extras,
                served,
                ansatz,
                base=base,
                sizes=[size for law in found for size in law.sizes]
                + [1.0] * len(place.sources)
                + [*units.extras],
            ),
        )
        self._laws = found
        first, *others = [law.given for law in found]
        self._given = first.also(*others, *([] if sizes else [StartSizes(starts)]))
        self._place, self.output = place, output
        self._convert = conversion_of(output, place)
        self.dim, self.laws, self.sources = place.dim, laws, place.sources
        self.columns = place.names(columns)

    def paced(self, num_inputs: int) -> Sequence[int]:
        """See ``Continuable``: fluxes and sources."""
        n = self.laws * (1 + self.dim)
        return [c for c in range(n + len(self.sources)) if c >= n or c % (1 + self.dim)]

    def flux_levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        """See ``Continuable``."""
        return self._levels(inputs, Demand(order))

    def mean_momentum(self, inputs: Tensor) -> Tensor:
        """See ``Continuable``: the constants of the fluxes."""
        if self.predecessor is not None:
            return self.predecessor.mean_momentum(inputs)
        return self._constants()[list(self.paced(self.num_inputs))].detach().to(inputs)

    def state(self, inputs: Tensor) -> Tensor:
        """See ``BalanceNet``."""
        outputs = self._serve(inputs, None)
        return torch.cat(
            [outputs[:, self._place.law(k)][:, :1] for k in range(self.laws)], dim=1
        )

    def flux(self, inputs: Tensor, k: int) -> Tensor:
        """See ``BalanceNet``."""
        self._check_law(k)
        return self._serve(inputs, None)[:, self._place.law(k)][:, 1:]

    def source(self, inputs: Tensor, k: int) -> Tensor:
        """See ``BalanceNet``."""
        self._check_law(k)
        supply = self._laws[k].supply
        if k in self.sources:
            return self._serve(inputs, None)[:, self._place.source(k)]
        if supply is not None:
            return supply.rate(self._checked(inputs))
        return torch.zeros_like(self._checked(inputs)[:, :1])


def _of_law(
    k: int,
    field: FluxField,
    units: NetworkUnits,
    has_source: bool,
    size: float,
    mean: Mean,
    initial: InitialState | ContinuedLaw | None,
    wall: Wall | None,
    lifting: AddedFlux | None,
    known: BuiltInSource | None,
) -> Law:
    """Return law k; errors tell its number.

    Raises:
        ValueError: An argument is out of its range.
    """
    try:
        check_positive(sizes=size)
        units = replace(units, density=float(size))
        return law_of(field, units, has_source, mean, initial, wall, lifting, known)
    except ValueError as error:
        raise ValueError(f"law {k}: {error}") from error


def _starts(base: Continuation | None, place: LawColumns) -> list[ContinuedLaw] | None:
    """Return the start of each law of a network that goes on from an earlier one.

    Raises:
        ValueError: The earlier network has other laws.
    """
    if base is None:
        return None
    net = base.net
    is_alike = isinstance(net, BalanceNet) and (
        (net.dim, net.laws, net.sources) == (place.dim, place.laws, place.sources)
    )
    if not is_alike:
        raise ValueError(
            "initial: the network which is continued must have the same laws, "
            f"{place.laws} in {place.dim} dimension(s) with sources {place.sources}, "
            f"got a {type(net).__name__}. Build both with the same arguments."
        )
    return [ContinuedLaw(base, place.law(k)) for k in range(place.laws)]


def _check_continued(base: Continuation | None, laws: list[Law]) -> None:
    """Refuse other known sources and fluxes than those of the network continued.

    Raises:
        ValueError: One of them is another one.
    """
    if base is None or not isinstance(base.net, BalanceLaws):
        return
    for k, (new, old) in enumerate(zip(laws, base.net._laws, strict=True)):
        try:
            new.check_continues(old)
        except ValueError as error:
            raise ValueError(f"law {k}: {error}") from error


def _each(argument: str, given: Any, laws: int, default: Any = None) -> list[Any]:
    """Return one entry per law.

    Raises:
        ValueError: There are not as many entries as laws.
    """
    if given is None:
        return [default] * laws
    entries = list(given) if isinstance(given, Sequence) else [given]
    if len(entries) != laws or isinstance(given, str):
        raise ValueError(
            f"{argument}: must hold one entry for each of the {laws} laws, None where "
            f"there is none, got {given!r}."
        )
    return entries
