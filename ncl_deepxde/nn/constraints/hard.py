r"""Initial states and walls that a network obeys whatever its weights.

Channels are :math:`a = f\,N + F`: a perceptron :math:`N` times a factor that vanishes
where the state is known, plus fixed channels. The known state needs no potential: for
any :math:`\rho_0, m_0` and ramp :math:`g` with :math:`g(0) = 0, g'(0) = 1`,

.. math:: \rho = \rho_0 - g(t)\,\nabla\cdot m_0, \quad m = g'(t)\,m_0
    \quad\Rightarrow\quad \partial_t\rho + \nabla\cdot m = 0 ,

the fixed channels being :math:`\rho_0` and :math:`A_{0i} = -g\,m_{0i}`. A lifting
:math:`\ell` adds the momentum of the potential :math:`\ell(x, t) - g'(t)\,\ell(x,
t_0)`: nothing at the state, and on the wall what makes :math:`m\cdot n` that of
:math:`\ell` where :math:`m_0\cdot n` is.

How fast a factor must vanish is read off the summands of the construction. A potential
:math:`t^p N` that is differentiated by time at most :math:`p - 1` times adds nothing to
the initial state.

A wall where :math:`w = 0` is kept by potentials :math:`w^q N` if no summand has more
than :math:`q` derivatives by space. Let the construction be :math:`\rho = P(\partial_t,
\nabla)\,a` and :math:`m = Q(\partial_t, \nabla)\,a`, and :math:`Q_q` the part of
:math:`Q` with exactly :math:`q` derivatives by space. On the wall nothing else is left:

.. math:: m = q!\,Q_q(\partial_t, \nabla w)\,N , \qquad
    \nabla w\cdot m = q!\,(\nabla w\cdot Q_q(\partial_t, \nabla w))\,N = 0 .

The last product vanishes because continuity, :math:`\tau P(\tau, \xi) + \xi\cdot
Q(\tau, \xi) = 0` for all :math:`\tau, \xi`, has :math:`\xi\cdot Q_q(\tau, \xi)` as its
part of degree :math:`q + 1` in :math:`\xi`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ...jets.jets import jet_of_callable, jet_space
from ...potentials.differential_operator import (
    Components,
    DifferentialOperator,
    Summand,
)
from ..base.channels import ChannelMap
from ..base.spec import Constant
from ..base.units import NetworkUnits
from .continuation import Continuation, ContinuedLaw
from .flow_past_parts import ansatz_with
from .lifting import Lifted, Lifting, check_mean, lifted
from .start_and_wall import STILL, InitialState, PointFunction, Wall, jumps
from .vector_potential import curl, flow_of

__all__ = ["Start", "hard_constraints"]

Start = InitialState | Continuation | ContinuedLaw
# Part of the momentum that may cross a wall: round-off of the user's functions, and of
# a network in single precision.
LEAK = {torch.float64: 1e-6, torch.float32: 1e-4}


def hard_constraints(
    operator: DifferentialOperator,
    extras: int,
    initial: Start | None,
    wall: Wall | None,
    means: Sequence[Constant],
    periods: Sequence[float | None],
    units: NetworkUnits,
    lifting: Lifting | PointFunction | None = None,
    through: float = 0.0,
) -> tuple[Components, ChannelMap | None]:
    """Make a field start from a state and keep a wall.

    Args:
        operator: Map from the potentials to the field; the components are the density,
            d momenta and any others, column d of the inputs is the time.
        extras: Number of free channels after the potentials.
        initial: State that the field starts from, if it is hard.
        wall: Wall that the field keeps, if there is one.
        means: Constants that the network adds to the density and the d momenta.
        periods: Period of each of the d space axes, ``None`` where not periodic.
        units: Units of the network.
        lifting: Momentum that is added; a function is its potential.
        through: Size of the flux through the wall that ``initial`` is without, of whose
            round-off its own is.

    Returns:
        The summands of each component, fixed channels included, and the factors and
        fixed channels, ``None`` where nothing is hard.

    Raises:
        ValueError: State and wall contradict each other, or a function has outputs of a
            wrong shape or lacks the periods of the network.
    """
    if initial is None and wall is None and lifting is None:
        return operator.components, None
    d, free = len(periods), [0] * extras
    added = lifted(lifting, wall, d, power=1, units=units, velocity=units.flux[1:])
    state = HardState(
        initial,
        wall,
        mean=[constant.value for constant in means[1:]],
        time_powers=time_powers(operator, d, initial) + free,
        wall_powers=wall_powers(operator, d, wall) + free,
        lifted=added,
        through=through,
    )
    check_mean(added, "mean_momentum", state.mean)
    _check_continued(state)
    _check_flows_of_start(state)
    _check_wall(state)
    _check_periods(state, periods)
    more = state.summands(len(operator.components))
    pairs = zip(operator.components, more, strict=True)
    channels = operator.num_potentials + extras
    ansatz = ansatz_with(state, added, channels, state.num_fixed, axis=d)
    return [[*row, *known] for row, known in pairs], ansatz


def time_powers(
    operator: DifferentialOperator, d: int, initial: Start | None
) -> list[int]:
    r"""Return the exponent of time of each potential.

    It is one more than the most derivatives by time in the components that start from
    a state, the density alone or the momentum too, 0 where these do not use it.
    """
    if initial is None:
        return [0] * operator.num_potentials
    num_rows = 1 + d if initial.has_momentum else 1
    return [1 + most for most in operator.most_derivatives([d], num_rows)]


def wall_powers(operator: DifferentialOperator, d: int, wall: Wall | None) -> list[int]:
    """Return the exponent of the wall function for each potential.

    It is the most derivatives by space of any summand of density and momentum, the same
    for all potentials of the momentum, 0 for those that it does not use.
    """
    if wall is None:
        return [0] * operator.num_potentials
    most = max(operator.most_derivatives(range(d), 1 + d))
    momentum = operator.components[1 : 1 + d]
    used = {s.channel for row in momentum for s in row}
    return [most * (k in used) for k in range(operator.num_potentials)]


@dataclass(frozen=True)
class HardState:
    r"""Factors and fixed channels of a network, (N, d + 1) -> (N, C + K).

    .. math:: f_k = (g(t)/\tau)^{p_k}\, w(x)^{q_k}, \qquad
        F = (\rho_0,\; A_{0i}) .

    Attributes:
        initial: Initial state, if it is hard.
        wall: Wall, if there is one.
        mean: Constant momentum :math:`\bar m` that the network adds, d numbers.
        time_powers: Exponent :math:`p_k` of each channel.
        wall_powers: Exponent :math:`q_k` of each channel.
        lifted: Momentum that is added, if there is some.
        through: Size of a flux through the wall that the initial state is without.
    """

    initial: Start | None
    wall: Wall | None
    mean: Sequence[float]
    time_powers: Sequence[int]
    wall_powers: Sequence[int]
    lifted: Lifted | None = None
    through: float = 0.0

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return factors, fixed channels and M functions at inputs (N, d + 1)."""
        columns = [self.without_lifting(inputs)]
        if self.lifted is not None:
            columns += [self.added(inputs), self.shares(inputs)]
        return torch.cat(columns, dim=1)

    def without_lifting(self, inputs: Tensor) -> Tensor:
        """Return the factors and the fixed channels of the state, (N, C + ...)."""
        x, t = inputs[:, :-1], inputs[:, -1:]
        one = torch.ones_like(t)
        f = one if self.initial is None else self.initial.factor(t)
        w = one if self.wall is None else self.wall.at(x)
        powers = zip(self.time_powers, self.wall_powers, strict=True)
        columns = [f**p * w**q for p, q in powers]
        if isinstance(self.initial, InitialState):
            columns.append(self.initial.density_at(x))
            if self.initial.moves:
                columns.append(self.initial.drift(x, t, x.new_tensor(self.mean)))
        return torch.cat(columns, dim=1)

    def added(self, inputs: Tensor) -> Tensor:
        """Return the known potentials of the lifting, (N, 1) or (N, 3)."""
        if self.lifted is None:
            return inputs[:, :0]
        total, initial = self.lifted.known(inputs), self.initial
        if isinstance(initial, InitialState) and initial.has_momentum:
            pace = initial.pace(inputs[:, -1:])
            total = total - pace * self._at_start(inputs[:, :-1])
        return total

    def shares(self, inputs: Tensor) -> Tensor:
        """Return the functions of what is trained of the lifting, (N, M)."""
        if self.lifted is None:
            return inputs[:, :0]
        found = self.lifted.shares(inputs[:, :-1])
        if self.initial is None or not self.initial.has_momentum:
            return found
        return self.initial.factor(inputs[:, -1:]) * found

    def _at_start(self, x: Tensor) -> Tensor:
        """Return the known potentials of the lifting at the time of the state."""
        t = torch.full_like(x[:, :1], self.initial.time if self.initial else 0.0)
        inputs = torch.cat([x, t], dim=1)
        return inputs[:, :0] if self.lifted is None else self.lifted.known(inputs)

    @property
    def num_fixed(self) -> int:
        """Number K of fixed channels."""
        added = 0 if self.lifted is None else self.lifted.num_fixed
        return self._num_of_state + added

    @property
    def _num_of_state(self) -> int:
        if not isinstance(self.initial, InitialState):
            return 0
        return 1 + len(self.mean) * self.initial.moves

    def summands(self, num_components: int) -> list[list[Summand]]:
        """Return the summands of the fixed channels in each component.

        Args:
            num_components: Number of components, the density, d momenta and others.
        """
        d, first = len(self.mean), len(self.time_powers)
        added: list[list[Summand]] = [[] for _ in range(num_components)]
        if isinstance(self.initial, InitialState):
            added[0].append(Summand((), first))
            for i in range(d) if self.initial.moves else ():
                added[0].append(Summand((i,), first + 1 + i))
                added[1 + i].append(Summand((d,), first + 1 + i, -1))
        if self.lifted is not None:
            for row, more in zip(
                added[1:], curl(d, first + self._num_of_state), strict=False
            ):
                row += more
        return added

    def momenta_at(self, x: Tensor) -> dict[str, Tensor]:
        """Return the momenta, (K, d), that must not cross a wall through points (K, d).

        The keys name the arguments that they come from.
        """
        found = {"mean_momentum": x.new_tensor(self.mean).expand_as(x)}
        initial = self.initial
        if initial is not None and initial.has_momentum:
            found["initial"] = initial.momentum_at(x)
            if self.lifted is not None:
                found["initial"] = found["initial"] - flow_of(self._at_start, x)
        if isinstance(initial, InitialState) and initial.potential is not None:
            found["potential of initial"] = initial.potential(x)
        return found


def _check_flows_of_start(state: HardState) -> None:
    """Refuse given flows beside a momentum, which has a flow of its own.

    Raises:
        ValueError: More than one of the flows is known beside an initial momentum.
    """
    initial, added = state.initial, state.lifted
    if added is None or not isinstance(initial, InitialState):
        return
    known = [flow for flow in added.lifting.flows or () if flow != "trained"]
    if initial.has_momentum and len(known) > 1:
        raise ValueError(
            "lifting: flows beside an initial momentum must be 'trained' but for one, "
            f"because the flow between parts of the wall is the momentum's, got "
            f"{len(known)} that are known. Leave flows out, or give the density alone."
        )


def _check_wall(state: HardState) -> None:
    r"""Compare a state with its wall.

    Raises:
        ValueError: The points of the wall have a wrong shape, or a momentum has
            :math:`m\cdot n \ne 0` there.
    """
    if state.wall is None:
        return
    state.wall.check_points(len(state.mean))
    x, n = state.wall.surface()
    for argument, m in state.momenta_at(x).items():
        leak = float((m * n).sum(dim=1).abs().max())
        size = max(float(m.abs().max()), STILL, state.through)
        if not leak <= LEAK[m.dtype] * size:
            raise ValueError(
                f"{argument}: the momentum, less that of the lifting, must not cross "
                f"the wall, got |m.n| up to {leak:.1e} at its points. Give the "
                "potential of a momentum with the same m.n on the wall, "
                "lifting=Lifting(...), leave the side open in Wall.of(geometry, "
                "where), give the density alone, or continue a network of the same "
                "wall."
            )


def _check_continued(state: HardState) -> None:
    """Raise ``ValueError`` if a known lifting would be added a second time."""
    lifted = state.lifted
    is_continued = isinstance(state.initial, Continuation | ContinuedLaw)
    if is_continued and lifted is not None and lifted.is_known:
        raise ValueError(
            "lifting: must be None, or have only trained flows, beside a Continuation, "
            "whose network goes on with its own, got known flow."
        )


def _check_periods(state: HardState, periods: Sequence[float | None]) -> None:
    """Raise ``ValueError`` unless a state has the periods of its network."""
    x = torch.linspace(0.1, 0.6, 7)[:, None] * torch.ones(len(periods) + 1)
    for axis, jump in jumps(partial(_derivatives, state), x, periods):
        raise ValueError(
            "periods: initial, lifting and wall must have the period "
            f"{periods[axis]} of axis {axis}, got functions that differ by {jump:.1e} "
            "one period on. Make them periodic, or give None for the axis."
        )


def _derivatives(state: HardState, inputs: Tensor) -> Tensor:
    """Return what must be periodic: of the lifting's potentials the derivatives."""
    found = [state.without_lifting(inputs), state.shares(inputs)]
    if state.lifted is not None:
        space = jet_space(inputs.shape[1], 1)
        found += [*jet_of_callable(state.added, inputs, space)[1:]]
    return torch.cat(found, dim=1).detach()
