"""Incompressible flows: a velocity without divergence, in time or steady."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from torch import Tensor

from ..potentials import constructions
from ..potentials.constructions import Construction
from ..potentials.network import Initializer
from .base.checks import check_kind, check_layer_sizes, check_periods
from .base.columns import SCRIPTS, named_columns
from .base.contract import VelocityNet
from .base.field import FieldNet
from .base.scale import scaled_operator
from .base.scales import Scales
from .base.spec import FieldSpec, Layers
from .base.units import NetworkUnits
from .constraints.given import GivenFunctions
from .constraints.hard_velocity import hard_velocity
from .constraints.in_units import start_in_units, wall_in_units
from .constraints.initial_velocity import InitialVelocity
from .constraints.lifting import Lifting, check_lifting
from .constraints.means import mean_velocity as constants
from .constraints.start_and_wall import Wall

__all__ = ["Incompressible"]


class Incompressible(FieldNet, VelocityNet):
    r"""A velocity with :math:`\nabla\cdot u = 0` exactly, and free outputs beside it.

    .. math:: u_i = \bar u_i + \sum_j \partial_j A_{ij}, \qquad A = -A^T ,

    at every time, which is a parameter of :math:`A`: in two dimensions the stream
    function, in three the curl of a potential. Takes the place of ``dde.nn.FNN`` in a
    Navier-Stokes script; the residual of incompressibility can then be dropped. Outputs
    have the columns ``(u_1..u_d, extras...)``; extras (the pressure) are free.

    With all axes but one periodic the constant of that one component, and on a torus
    all of them, cannot be had from potentials and are trained.

    Args:
        layer_sizes: ``[d + 1, hidden..., d + extras]``, or ``[d, ...]`` if steady, as
            for ``dde.nn.FNN``; d at least 2.
        activation: As for :class:`NCL`.
        kernel_initializer: For example ``"Glorot normal"``.
        regularization: As for ``dde.nn.FNN``.
        time: Whether the last column of the inputs is the time; ``False`` for steady
            flows.
        construction: As for :class:`NCL`, in space.
        periods: As for :class:`NCL`.
        harmonics: As for :class:`NCL`.
        scale: As for :class:`NCL`.
        scales: As for :class:`NCL`.
        mean_velocity: The constant :math:`\bar u`: d numbers or ``"trained"``. By
            default trained where potentials cannot make it, that of ``initial`` beside
            one, 0 beside a wall and elsewhere.
        initial: Velocity that the network starts from exactly.
        wall: Wall that the flow keeps exactly.
        slip: What the wall does: ``True`` for :math:`u\cdot n = 0` with free tangential
            slip, ``False`` for :math:`u = 0`.
        lifting: Known flow that is added, by its potential: a function of the inputs,
            (N, d + 1) or (N, d), with the stream function :math:`\psi` of :math:`u =
            (\partial_2\psi, -\partial_1\psi)`, (N, 1), or in three dimensions the
            vector potential of :math:`u = \nabla\times a`, (N, 3), in smooth torch
            operations. On the wall its velocity takes the place of 0: a moving wall, an
            inflow. Or an :class:`nn.Lifting`, which in the plane also has the flow past
            holes and obstacles and through channels; without, that flow is trained.
        served: As for :class:`NCL`: by default what the pde is found to ask for.
        columns: As for :class:`NCL`, here such as ``("u", "v", "p")``.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> net = Incompressible([3] + [32] * 2 + [3], "tanh", "Glorot normal")
        >>> net.dim  # columns (u, v, p) of inputs (x, y, t)
        2
    """

    why_no_output_transform = (
        "would break div(u) = 0, which holds for the outputs as they are. Transform "
        "quantities in the pde function instead, or the inputs by "
        "apply_feature_transform; walls and inflows are the arguments wall and lifting."
    )

    def __init__(
        self,
        layer_sizes: Sequence[int],
        activation: Any,
        kernel_initializer: str | Initializer,
        regularization: Any = None,
        *,
        time: bool = True,
        construction: str | Construction = "matrix",
        periods: Sequence[float | None] | float | None = None,
        harmonics: int = 1,
        scale: float | None = None,
        scales: Scales | None = None,
        mean_velocity: Sequence[float] | Literal["trained"] | None = None,
        initial: InitialVelocity | None = None,
        wall: Wall | None = None,
        slip: bool = True,
        lifting: Lifting | Callable[[Tensor], Tensor] | None = None,
        served: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        extras = _check_sizes(layer_sizes, time)
        d = layer_sizes[0] - time
        _check_constraints(time, initial, wall, slip, lifting)
        axes = check_periods(periods, d, rest=int(time))
        construction = constructions.get(construction)
        units = NetworkUnits.of(scales, d, extras, has_time=time)
        field = scaled_operator(
            construction, range(d), axes, harmonics, scale, units, 1 / units.reach[-1]
        )
        means = constants(axes[:d], initial, wall, mean_velocity)
        given = GivenFunctions(d, layer_sizes[0], initial, wall, lifting)
        initial, wall = start_in_units(initial, units), wall_in_units(wall, units)
        velocity, ansatz = hard_velocity(
            field,
            extras,
            initial,
            wall,
            lifting,
            slip=slip,
            mean=[constant.value for constant in means],
            periods=axes,
            units=units,
        )
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
                velocity,
                field.num_potentials,
                means,
                extras,
                served,
                ansatz,
                sizes=[*units.velocity, *units.extras],
            ),
        )
        self._given = given
        self.dim, self.has_time = d, time
        kind = "Incompressible" if time else "Incompressible(time=False)"
        self.columns = named_columns(SCRIPTS[kind], d, extras, columns)

    def velocity(self, inputs: Tensor) -> Tensor:
        """See ``VelocityNet``."""
        outputs: Tensor = self(inputs)
        return outputs[:, : self.dim]


def _check_sizes(layer_sizes: Sequence[int], time: bool) -> int:
    """Return the number of extra outputs."""
    if not isinstance(time, bool):
        raise ValueError(
            "time: must be True, where the last column of the inputs is the time, or "
            f"False for steady flows, got {time!r}."
        )
    if time and list(layer_sizes)[:1] == [2]:
        raise ValueError(
            "layer_sizes: the first entry must be at least 3, two of space and the "
            "time, got 2. Pass time=False for a steady flow in the plane."
        )
    return check_layer_sizes(layer_sizes, 2 + time, "(u_1..u_d)", has_time=time)


def _check_constraints(
    time: bool,
    initial: InitialVelocity | None,
    wall: Wall | None,
    slip: bool,
    lifting: Lifting | Callable[[Tensor], Tensor] | None,
) -> None:
    check_kind("initial", initial, InitialVelocity)
    check_kind("wall", wall, Wall)
    if not isinstance(slip, bool):
        raise ValueError(
            "slip: must be True, for u.n = 0 on the wall, or False, for u = 0, got "
            f"{slip!r}."
        )
    if not slip and wall is None:
        raise ValueError("slip: must be True without a wall, got False. Give wall=.")
    if initial is not None and not time:
        raise ValueError(
            "initial: must be None for a steady flow, got an initial velocity. Leave "
            "it out, or pass time=True."
        )
    check_lifting(lifting)
