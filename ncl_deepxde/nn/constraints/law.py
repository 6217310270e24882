"""One balance law of a network: its channels, constants, start, wall and source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from ...potentials.constructions import Construction
from ..base.laws import with_source
from ..base.scale import scaled_operator
from ..base.spec import Constant
from ..base.units import NetworkUnits
from .continuation import ContinuedLaw
from .given import GivenFunctions
from .hard import hard_constraints
from .in_units import start_in_units, wall_in_units
from .joined import ChannelGroup
from .known_flux import KnownFlux, beside_flux, crossed
from .known_source import KnownSource, Supply, SupplyCheck, supplied, supply_of
from .lifting import Lifting, check_lifting
from .means import Mean, mean_flux
from .start_and_wall import InitialState, PointFunction, Wall

__all__ = ["AddedFlux", "BuiltInSource", "FluxField", "Law", "law_of"]

AddedFlux = Lifting | KnownFlux | Callable[[Tensor], Tensor]
BuiltInSource = KnownSource | Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class FluxField:
    """How the divergence-free field of each law is made of potentials."""

    construction: Construction
    periods: tuple[float | None, ...]
    harmonics: int
    scale: float | None


@dataclass(frozen=True)
class Law:
    """One law: its channels, constants and sizes, and the functions given for it.

    Attributes:
        group: Channels and components (q, F), and s where it is trained.
        means: Constants of q and F.
        sizes: Sizes of q and F.
        given: Checks of the functions that were given.
        supply: What a known source adds, if there is one.
        inflow: What a known flux has carried, if there is one.
    """

    group: ChannelGroup
    means: Sequence[Constant]
    sizes: Sequence[float]
    given: GivenFunctions
    supply: Supply | None
    inflow: Supply | None = None

    def check_continues(self, earlier: Law) -> None:
        """Refuse another known source or flux than that of the earlier network.

        Raises:
            ValueError: One of them is another one.
        """
        pairs = {
            "known_sources": (self.supply, earlier.supply),
            "lifting": (self.inflow, earlier.inflow),
        }
        for argument, (new, old) in pairs.items():
            if (new and new.known) != (old and old.known):
                raise ValueError(
                    f"{argument}: must be that of the network which is continued, the "
                    "same function, got another one or none. Pass the same one to both."
                )


def law_of(
    field: FluxField,
    units: NetworkUnits,
    has_source: bool,
    mean: Mean,
    initial: InitialState | ContinuedLaw | None,
    wall: Wall | None,
    lifting: AddedFlux | None,
    known: BuiltInSource | None,
    *,
    mean_momentum: Mean = None,
    first_density: float = 0.0,
    known_as: str = "known_sources",
) -> Law:
    """Return a law of a network.

    Args:
        field: How its divergence-free field is made.
        units: Units of the network, with the size of this state as density.
        has_source: Whether it has a trained source.
        mean: Constant of the state as the user gave it.
        initial: State that it starts from, if it is hard.
        wall: Wall, if there is one.
        lifting: Flux that is added, if there is one: without divergence, or a
            ``KnownFlux``.
        known: Known source, if there is one.
        mean_momentum: Constants of the flux as the user gave them.
        first_density: Value that a trained constant of the state starts from.
        known_as: Name of the user's argument for the known source, for messages.

    Raises:
        ValueError: An argument is out of its range.
    """
    check_lifting(_potential(lifting))
    d = len(units.lengths)
    operator = scaled_operator(
        field.construction,
        [d, *range(d)],
        field.periods,
        field.harmonics,
        field.scale,
        units,
        units.density / units.reach[-1],
    )
    if has_source:
        operator = with_source(operator, d, units.density)
    space = field.periods[:-1]
    means = mean_flux(space, initial, wall, mean, mean_momentum, start=first_density)
    clock = initial.whole.clock if isinstance(initial, ContinuedLaw) else None
    begin = 0.0 if initial is None else initial.time, clock
    supply, inflow = supply_of(known, space, *begin, argument=known_as), None
    given = GivenFunctions(d, d + 1, initial, wall, _potential(lifting))
    if isinstance(lifting, KnownFlux):
        inflow = supply_of(lifting, space, *begin, columns=d, argument="lifting")
        initial, lifting = beside_flux(initial, inflow), None
    initial, wall = start_in_units(initial, units), wall_in_units(wall, units)
    through = 0.0
    if inflow is not None and wall is not None:
        through = float(inflow.first_rate(wall.points).abs().max())
    rows, channel_map = hard_constraints(
        operator, 0, initial, wall, means, space, units, lifting, through
    )
    group = ChannelGroup(rows, operator.num_potentials, channel_map)
    group = crossed(supplied(group, supply, d), inflow)
    known_rates = [SupplyCheck(added) for added in (supply, inflow) if added]
    given = given.also(*known_rates)
    return Law(group, means, units.flux, given, supply, inflow)


def _potential(lifting: AddedFlux | None) -> Lifting | PointFunction | None:
    return None if isinstance(lifting, KnownFlux) else lifting
