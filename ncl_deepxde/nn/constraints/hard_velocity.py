r"""Walls, starts and liftings that an incompressible velocity obeys for any weights.

The potentials are :math:`a = f\,w^q N + F`: a perceptron :math:`N` times factors that
vanish at the start and on the wall, plus a fixed potential

.. math:: F(x, t) = \ell(x, t) + h(t)\,(\psi_0(x) - \ell(x, t_0)), \qquad
    f(t_0) = 0, \quad h(t_0) = 1 ,

of a lifting :math:`\ell` and an initial state :math:`\psi_0`. Time is a parameter, no
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
from ...potentials.readout import Readout
from .ansatz import Ansatz
from .initial_velocity import InitialVelocity
from .start_and_wall import STILL, PointFunction, Wall, jumps, shaped
from .vector_potential import curl, num_columns

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
        lifting: Potential of a known flow, (N, dim) -> (N, K), if there is one.
    """

    dim: int
    powers: Sequence[int]
    moving: Sequence[bool]
    initial: InitialVelocity | None
    wall: Wall | None
    lifting: PointFunction | None

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the factors and the fixed potentials at inputs (N, dim)."""
        x, t = inputs[:, : self.dim], inputs[:, self.dim :]
        one = torch.ones_like(inputs[:, :1])
        f = one if self.initial is None else self.initial.factor(t)
        w = one if self.wall is None else self.wall.at(x)
        pairs = zip(self.powers, self.moving, strict=True)
        columns = [(f if moves else one) * w**power for power, moves in pairs]
        if self.num_fixed:
            columns.append(self.fixed(inputs))
        return torch.cat(columns, dim=1)

    @property
    def num_fixed(self) -> int:
        """Number K of fixed potentials."""
        if self.initial is None and self.lifting is None:
            return 0
        return num_columns("potential", self.dim)

    def fixed(self, inputs: Tensor) -> Tensor:
        """Return the fixed potentials, (N, K), at inputs (N, dim)."""
        total = torch.zeros_like(inputs[:, :1])
        if self.lifting is not None:
            total = total + self._lifted(inputs)
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
        if self.lifting is None:
            return state
        t = torch.full_like(x[:, :1], self.initial.time)
        return state - self._lifted(torch.cat([x, t], dim=1))

    def _lifted(self, inputs: Tensor) -> Tensor:
        if self.lifting is None:
            raise ValueError("HardVelocity: no lifting is given.")
        shape = (len(inputs), self.num_fixed)
        return shaped("lifting", self.lifting(inputs), shape)


def hard_velocity(
    operator: DifferentialOperator,
    extras: int,
    initial: InitialVelocity | None,
    wall: Wall | None,
    lifting: PointFunction | None,
    *,
    slip: bool,
    mean: Sequence[float],
    periods: Sequence[float | None],
) -> tuple[Components, Ansatz | None]:
    """Make a velocity start from a state, keep a wall and add a known flow.

    Args:
        operator: Map from the potentials to the d components of the velocity.
        extras: Number of free channels after the potentials.
        initial: Velocity that the field starts from, if it is hard.
        wall: Wall that the field keeps, if there is one.
        lifting: Potential of a known flow, if there is one.
        slip: Whether the velocity on the wall is free to be tangential, or zero.
        mean: Constants that the network adds to the velocity, d numbers.
        periods: Period of each input axis, ``None`` where not periodic.

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
    for argument, value in {"initial": initial, "lifting": lifting}.items():
        if value is not None:
            num_columns(argument, d)
    most = max(operator.most_derivatives(range(d), d))
    power = 0 if wall is None else most + (not slip)
    hard = HardVelocity(
        d,
        [power] * n + [0] * extras,
        [True] * n + [False] * extras,
        initial,
        wall,
        lifting,
    )
    _check_wall(hard, mean, slip)
    _check_periods(hard, periods)
    ansatz = Ansatz(hard, n + extras, hard.num_fixed)
    added = curl(d, n + extras) if hard.num_fixed else [[] for _ in range(d)]
    pairs = zip(operator.components, added, strict=True)
    return [[*row, *more] for row, more in pairs], ansatz


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
    if hard.initial is not None:
        u, argument = u + _flow(hard.change, x), "initial"
    wrong = (u * normals).sum(dim=1).abs() if slip else u.norm(dim=1)
    largest = max(float(u.norm(dim=1).max()), STILL)
    if not float(wrong.max()) <= LEAK * largest:
        rule = "not cross the wall" if slip else "vanish on the wall"
        raise ValueError(
            f"{argument}: the velocity, less that of the lifting, must {rule}, got up "
            f"to {float(wrong.max()):.1e} at its points. Give a state that has the "
            "lifting's velocity on the wall, or a lifting with that of the state."
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
    found = [] if hard.wall is None else [hard.wall.at(inputs[:, : hard.dim])]
    if hard.num_fixed:
        space = jet_space(inputs.shape[1], 1)
        found += [*jet_of_callable(hard.fixed, inputs, space)[1:]]
    return torch.cat(found, dim=1).detach()


def _flow(potential: PointFunction, x: Tensor) -> Tensor:
    """Return the velocity, (N, d), of a potential at points (N, d)."""
    d = x.shape[1]
    space = jet_space(d, 1)
    streams = jet_of_callable(potential, x, space)
    flow: Tensor = Readout(curl(d, 0), streams.shape[-1], space, 0)(streams)
    return flow.detach()
