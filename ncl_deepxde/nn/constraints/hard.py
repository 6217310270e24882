r"""Initial states and walls that a network obeys whatever its weights.

Channels are :math:`a = f\,N + F`: a perceptron :math:`N` times a factor that vanishes
where the state is known, plus fixed channels. The known state needs no potential: for
any :math:`\rho_0, m_0` and ramp :math:`g` with :math:`g(0) = 0, g'(0) = 1`,

.. math:: \rho = \rho_0 - g(t)\,\nabla\cdot m_0, \quad m = g'(t)\,m_0
    \quad\Rightarrow\quad \partial_t\rho + \nabla\cdot m = 0 ,

the fixed channels being :math:`\rho_0` and :math:`A_{0i} = -g\,m_{0i}`. A wall where
:math:`w = 0` is kept by potentials that vanish there: :math:`n\parallel\nabla w` and

.. math:: n_i\,\partial_j(w N_{ij}) = n_i N_{ij}\,\partial_j w = 0

because :math:`N` is antisymmetric.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...potentials.constructions import Term
from .ansatz import Ansatz
from .continuation import Continuation
from .start_and_wall import InitialState, Wall

__all__ = ["HardState", "Start", "hard_ansatz"]

Start = InitialState | Continuation
# Part of the momentum that may cross a wall: round-off of the user's functions, and of
# a network in single precision.
LEAK = {torch.float64: 1e-6, torch.float32: 1e-4}
# A momentum below this is none: where it vanishes on the wall, round-off is left.
STILL = 1e-6


@dataclass(frozen=True)
class HardState:
    r"""Factors and fixed channels of a network, (N, d + 1) -> (N, C + K).

    .. math:: f_k = (g(t)/\tau)^{p_k}\, w(x)^{q_k}, \qquad
        F = (\rho_0,\; A_{0i}) .

    Attributes:
        initial: The initial state, if it is hard.
        wall: The wall, if there is one.
        mean: Constant momentum :math:`\bar m` that the network adds, d numbers.
        time_powers: Exponent :math:`p_k` per channel.
        wall_powers: Exponent :math:`q_k` per channel.
    """

    initial: Start | None
    wall: Wall | None
    mean: Sequence[float]
    time_powers: Sequence[int]
    wall_powers: Sequence[int]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the factors and the fixed channels at inputs (N, d + 1)."""
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

    @property
    def num_fixed(self) -> int:
        """Number K of fixed channels."""
        if not isinstance(self.initial, InitialState):
            return 0
        return 1 + len(self.mean) * self.initial.moves

    def terms(self) -> list[list[Term]]:
        """Return what the fixed channels add to the density and each momentum."""
        d, first = len(self.mean), len(self.time_powers)
        added: list[list[Term]] = [[] for _ in range(1 + d)]
        if isinstance(self.initial, InitialState):
            added[0].append(Term((), first))
            for i in range(d) if self.initial.moves else ():
                added[0].append(Term((i,), first + 1 + i))
                added[1 + i].append(Term((d,), first + 1 + i, -1))
        return added

    def check(self) -> None:
        r"""Compare the state with the wall.

        Raises:
            ValueError: :math:`m_0\cdot n` or :math:`\bar m\cdot n` is not zero at the
                points of the wall.
        """
        if self.wall is None:
            return
        points, d = self.wall.points, len(self.mean)
        if not isinstance(points, Tensor) or points.shape != (len(points) or 1, d):
            found = tuple(points.shape) if isinstance(points, Tensor) else type(points)
            raise ValueError(
                f"wall: points must be a tensor of shape (K, {d}), K > 0, without "
                f"time, got {found}."
            )
        x, n = self.wall.surface()
        flows = {"mean_momentum": x.new_tensor(self.mean).expand_as(x)}
        if isinstance(self.initial, InitialState):
            if self.initial.has_momentum:
                flows["initial"] = self.initial.momentum_at(x)
            if self.initial.potential is not None:
                flows["potential of initial"] = self.initial.potential(x)
        if isinstance(self.initial, Continuation):
            flows["initial"] = self.initial.momentum_at(x)
        for argument, m in flows.items():
            leak = float((m * n).sum(dim=1).abs().max())
            if not leak <= LEAK[m.dtype] * max(float(m.abs().max()), STILL):
                raise ValueError(
                    f"{argument}: the momentum must not cross the wall, got |m.n| up "
                    f"to {leak:.1e} at its points. Subtract grad(phi) with "
                    "Lap(phi) = div(m) inside and d_n(phi) = m.n on the wall, give the "
                    "density alone, or continue a network of the same wall."
                )


def matrix_powers(d: int, initial: Start | None) -> tuple[list[int], list[int]]:
    r"""Return the exponents of time and wall per potential.

    :math:`A_{0j} \sim g` leaves the density as it is, :math:`A_{0j} \sim g^2` and
    :math:`A_{ij} \sim g` the momentum too.
    """
    first, others = d, d * (d - 1) // 2
    if initial is None:
        return [0] * (first + others), [1] * (first + others)
    k = int(initial.has_momentum)
    return [1 + k] * first + [k] * others, [1] * (first + others)


def vector_powers(d: int, initial: Start | None) -> tuple[list[int], list[int]]:
    r"""Return the exponents of time and wall per potential.

    :math:`A_{0j} = \partial_j b_0 - \partial_t b_j` needs one power more of
    :math:`b_j` than of :math:`b_0`, and one more of :math:`w` than of :math:`A`.
    """
    if initial is None:
        return [0] * (d + 1), [2] * (d + 1)
    k = int(initial.has_momentum)
    return [1 + k] + [2 + k] * d, [2] * (d + 1)


def _check_periods(state: HardState, periods: Sequence[float | None]) -> None:
    """Raise ``ValueError`` unless a state has the periods of its network."""
    x = torch.linspace(0.1, 0.6, 7)[:, None] * torch.ones(len(periods) + 1)
    values = state(x)
    for axis, period in enumerate(periods):
        shift = torch.zeros(x.shape[1])
        shift[axis] = period or 0.0
        jump = float((state(x + shift) - values).abs().max())
        # Far above the round-off of steep functions in single precision.
        if jump > 1e-2 * float(values.abs().max()):
            raise ValueError(
                f"periods: initial and wall must have the period {period} of axis "
                f"{axis}, got functions that differ by {jump:.1e} one period on. Make "
                "them periodic, or give None for the axis."
            )


POWERS = {"matrix": matrix_powers, "vector": vector_powers}


def hard_ansatz(
    construction: str,
    extras: int,
    initial: Start | None,
    wall: Wall | None,
    mean: Sequence[float],
    periods: Sequence[float | None],
) -> tuple[Ansatz | None, list[list[Term]]]:
    """Return the ansatz, and what it adds to the density and each momentum.

    Args:
        construction: A key of ``POWERS``.
        extras: Number of free channels.
        initial: The initial state, if it is hard.
        wall: The wall, if there is one.
        mean: Constant momentum, d numbers.
        periods: Of the d space axes.

    Raises:
        ValueError: State and wall contradict each other, a function has outputs of a
            wrong shape, or has not the periods of the network.
    """
    if initial is None and wall is None:
        return None, [[] for _ in range(1 + len(mean))]
    times, walls = POWERS[construction](len(mean), initial)
    free = [0] * extras
    state = HardState(initial, wall, mean, times + free, walls + free)
    state.check()
    _check_periods(state, periods)
    return Ansatz(state, len(times) + extras, state.num_fixed), state.terms()
