r"""Walls, starts and liftings that an incompressible velocity obeys for any weights.

The potentials are :math:`a = f\,w^q N + F`: a perceptron :math:`N` times factors that
vanish at the start and on the wall, plus a fixed potential

.. math:: F(x, t) = \ell(x, t) + h(t)\,(\psi_0(x) - \ell(x, t_0)), \qquad
    f(t_0) = 0, \quad h(t_0) = 1 ,

of a lifting :math:`\ell` and an initial state :math:`\psi_0`. What is trained of the
lifting is multiplied by f. Time is a parameter, no
derivative by it is taken: at :math:`t_0` only the flow of :math:`\psi_0` is left.

Let q be the most derivatives of a summand of the construction. With :math:`w^q` the
flow of :math:`w^q N` has no normal component on the wall (``hard.py`` has the proof),
with :math:`w^{q + 1}` it vanishes there. What is left on the wall is the flow of
:math:`F`, that of the lifting if the start agrees with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ...jets.jets import jet_of_callable, jet_space
from ...potentials.differential_operator import Components, DifferentialOperator
from ..base.channels import ChannelMap
from ..base.units import NetworkUnits
from .flow_past_parts import ansatz_with
from .initial_velocity import InitialVelocity
from .lifting import Lifted, Lifting, check_mean, lifted
from .start_and_wall import STILL, PointFunction, Wall, jumps, shaped
from .vector_potential import curl, flow_of, num_columns

__all__ = ["HardVelocity", "hard_velocity"]

# Part of a velocity that may cross a wall: round-off of the user's functions.
LEAK = 1e-6


@dataclass(frozen=True)
class HardVelocity:
    r"""Factors and fixed potentials of a velocity, (N, dim) -> (N, C + K).

    Attributes:
        dim: Number of space dimensions d; the time, if there is one, is column d.
        powers: Exponent of the wall function of each of the C channels.
        moving: Whether each channel vanishes at the start; free outputs do not.
        initial: Initial velocity, if it is hard.
        wall: Wall, if there is one.
        lifted: Known potential, (N, dim) -> (N, K), and the M functions of what is
            trained, if there is a lifting.
    """

    dim: int
    powers: Sequence[int]
    moving: Sequence[bool]
    initial: InitialVelocity | None
    wall: Wall | None
    lifted: Lifted | None

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return factors, fixed potentials and M functions at inputs (N, dim)."""
        x, t = inputs[:, : self.dim], inputs[:, self.dim :]
        one = torch.ones_like(inputs[:, :1])
        f = one if self.initial is None else self.initial.factor(t)
        w = one if self.wall is None else self.wall.at(x)
        pairs = zip(self.powers, self.moving, strict=True)
        columns = [(f if moves else one) * w**power for power, moves in pairs]
        if self.num_fixed:
            columns.append(self.fixed(inputs))
        if self.lifted is not None and self.lifted.trained:
            columns.append(f * self.lifted.shares(x))
        return torch.cat(columns, dim=1)

    @property
    def num_fixed(self) -> int:
        """Number K of fixed potentials."""
        if self.initial is None and self.lifted is None:
            return 0
        return num_columns("potential", self.dim)

    def fixed(self, inputs: Tensor) -> Tensor:
        """Return the fixed potentials, (N, K), at inputs (N, dim)."""
        total = torch.zeros_like(inputs[:, :1])
        if self.lifted is not None:
            total = total + self.lifted.known(inputs)
        if self.initial is not None:
            x, t = inputs[:, : self.dim], inputs[:, self.dim :]
            total = total + self.initial.remainder(t) * self.change(x)
        return total

    def change(self, x: Tensor) -> Tensor:
        """Return the state less the lifting at its time, (N, K), at points (N, d)."""
        if self.initial is None:
            raise ValueError("HardVelocity: no initial velocity is given.")
        shape = (len(x), self.num_fixed)
        state = shaped("potential of initial", self.initial.potential(x), shape)
        if self.lifted is None:
            return state
        t = torch.full_like(x[:, :1], self.initial.time)
        return state - self.lifted.known(torch.cat([x, t], dim=1))


def hard_velocity(
    operator: DifferentialOperator,
    extras: int,
    initial: InitialVelocity | None,
    wall: Wall | None,
    lifting: Lifting | PointFunction | None,
    *,
    slip: bool,
    mean: Sequence[float],
    periods: Sequence[float | None],
    units: NetworkUnits,
) -> tuple[Components, ChannelMap | None]:
    """Make a velocity start from a state, keep a wall and add a known flow.

    Args:
        operator: Map from the potentials to the d components of the velocity.
        extras: Number of free channels after the potentials.
        initial: Velocity that the field starts from, if it is hard.
        wall: Wall that the field keeps, if there is one.
        lifting: Flow that is added, if there is one; a function is its potential.
        slip: Whether the velocity on the wall is free to be tangential, or zero.
        mean: Constants that the network adds to the velocity, d numbers.
        periods: Period of each input axis, ``None`` where not periodic.
        units: Units of the network.

    Returns:
        The summands of each component, fixed channels included, and the factors and
        fixed channels, ``None`` where nothing is hard.

    Raises:
        ValueError: State, lifting and wall contradict each other, or a function has
            outputs of a wrong shape or lacks the periods of the network.
    """
    if initial is None and wall is None and lifting is None:
        return operator.components, None
    d, n = len(operator.components), operator.num_potentials
    if initial is not None:
        num_columns("initial", d)
    time = len(periods) > d
    added = lifted(
        lifting,
        wall,
        d,
        power=1 if slip else 2,
        units=units,
        velocity=units.velocity,
    )
    check_mean(added, "mean_velocity", mean)
    most = max(operator.most_derivatives(range(d), d))
    power = 0 if wall is None else most + (not slip)
    hard = HardVelocity(
        d,
        [power] * n + [0] * extras,
        [True] * n + [False] * extras,
        initial,
        wall,
        added,
    )
    _check_wall(hard, mean, slip)
    _check_periods(hard, periods)
    ansatz = ansatz_with(hard, added, n + extras, hard.num_fixed, d if time else None)
    more = curl(d, n + extras) if hard.num_fixed else [[] for _ in range(d)]
    pairs = zip(operator.components, more, strict=True)
    return [[*row, *known] for row, known in pairs], ansatz


def _check_wall(hard: HardVelocity, mean: Sequence[float], slip: bool) -> None:
    r"""Compare what is added to the lifting with the wall.

    Raises:
        ValueError: It has :math:`u\cdot n \ne 0`, or :math:`u \ne 0` without slip.
    """
    if hard.wall is None:
        return
    hard.wall.check_points(hard.dim)
    x, normals = hard.wall.surface()
    u = x.new_tensor(mean).expand_as(x)
    argument = "mean_velocity"
    remedy = "Give 0; the flow between parts of a wall is lifting=Lifting(flows=...)."
    if hard.initial is not None:
        u, argument = u + flow_of(hard.change, x), "initial"
        remedy = (
            "Give a state that has the lifting's velocity on the wall, or a lifting "
            "with that of the state."
        )
    wrong = (u * normals).sum(dim=1).abs() if slip else u.norm(dim=1)
    largest = max(float(u.norm(dim=1).max()), STILL)
    if not float(wrong.max()) <= LEAK * largest:
        rule = "not cross the wall" if slip else "vanish on the wall"
        raise ValueError(
            f"{argument}: the velocity, less that of the lifting, must {rule}, got up "
            f"to {float(wrong.max()):.1e} at its points. {remedy}"
        )
    _check_flows(hard, x)


def _check_flows(hard: HardVelocity, x: Tensor) -> None:
    """Compare the known flow between parts of the wall with that of the state.

    Args:
        hard: State, wall and lifting.
        x: The points of the wall.

    Raises:
        ValueError: They differ at the time of the state.
    """
    lifted, state = hard.lifted, hard.initial
    if state is None or lifted is None or lifted.blending is None:
        return
    owners = lifted.blending.owners()
    change, size = hard.change(x), float(state.potential(x).abs().max())
    known = [k for k in range(owners.shape[1]) if k not in lifted.trained]
    values = [float(change[owners[:, k]].mean()) for k in known]
    if not max(values) - min(values) <= LEAK * size:
        raise ValueError(
            "initial: the flow between parts of the wall must be that of the flows of "
            f"lifting, got one that differs by {max(values) - min(values):.1e} at the "
            "time of the state. Give the flow of the state, or 'trained'."
        )


def _check_periods(hard: HardVelocity, periods: Sequence[float | None]) -> None:
    """Raise ``ValueError`` unless the known flow has the periods of its network.

    A stream function may grow by a constant from one period to the next: it is the
    derivatives of the fixed potentials that are compared.
    """
    scale = torch.as_tensor([period or 1.0 for period in periods], dtype=torch.float64)
    x = torch.linspace(0.1, 0.6, 7, dtype=torch.float64)[:, None] * scale
    for axis, jump in jumps(partial(_derivatives, hard), x, periods):
        raise ValueError(
            f"periods: initial, lifting and wall must have the period {periods[axis]} "
            f"of axis {axis}, got velocities that differ by {jump:.1e} one period on. "
            "Make them periodic, or give None for the axis."
        )


def _derivatives(hard: HardVelocity, inputs: Tensor) -> Tensor:
    """Return the wall function and the derivatives of the fixed potentials."""
    x = inputs[:, : hard.dim]
    found = [] if hard.wall is None else [hard.wall.at(x)]
    if hard.lifted is not None:
        found.append(hard.lifted.shares(x))
    if hard.num_fixed:
        space = jet_space(inputs.shape[1], 1)
        found += [*jet_of_callable(hard.fixed, inputs, space)[1:]]
    return torch.cat(found, dim=1).detach()
