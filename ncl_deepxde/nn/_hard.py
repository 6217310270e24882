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
from typing import Literal

import torch
from torch import Tensor

from ..constructions import Term
from ._ansatz import Ansatz
from .constraints import InitialState, Wall
from .continuation import Continuation

__all__ = ["HardState", "Mean", "Start", "hard_ansatz", "known_means"]

Start = InitialState | Continuation
Mean = float | Sequence[float] | Literal["trained"] | None

# Points of the lattice for a mean value: 64 per axis in 2D, 16 in 3D.
LATTICE = 4096


@dataclass(frozen=True)
class HardState:
    r"""Factors and fixed channels of a network, (N, d + 1) -> (N, C + K).

    .. math:: f_k = (g(t)/\tau)^{p_k}\, w(x)^{q_k}, \qquad
        F = (\rho_0,\; g\,(m_0 - \bar m)) .

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
            if self.initial.has_momentum:
                m0 = self.initial.momentum_at(x)
                g = self.initial.elapsed(t)
                columns.append(g * (m0 - x.new_tensor(self.mean)))
        return torch.cat(columns, dim=1)

    @property
    def num_fixed(self) -> int:
        """Number K of fixed channels."""
        if not isinstance(self.initial, InitialState):
            return 0
        return 1 + len(self.mean) * self.initial.has_momentum

    def terms(self) -> list[list[Term]]:
        """Return what the fixed channels add to the density and each momentum."""
        d, first = len(self.mean), len(self.time_powers)
        added: list[list[Term]] = [[] for _ in range(1 + d)]
        if isinstance(self.initial, InitialState):
            added[0].append(Term((), first))
            for i in range(d) if self.initial.has_momentum else ():
                added[0].append(Term((i,), first + 1 + i, -1))
                added[1 + i].append(Term((d,), first + 1 + i))
        return added

    def check(self) -> None:
        r"""Compare the state with the wall.

        Raises:
            ValueError: :math:`m_0\cdot n` or :math:`\bar m\cdot n` is not zero at the
                points of the wall.
        """
        if self.wall is None:
            return
        x = self.wall.points.detach().double()
        if x.ndim != 2 or x.shape[1] != len(self.mean):
            raise ValueError(
                f"wall: points must have shape (K, {len(self.mean)}), without time, "
                f"got {tuple(x.shape)}."
            )
        n = self.wall.normals()
        flows = {"mean_momentum": x.new_tensor(self.mean).expand_as(x)}
        if isinstance(self.initial, InitialState) and self.initial.has_momentum:
            flows["initial"] = self.initial.momentum_at(x)
        for argument, m in flows.items():
            leak = float((m * n).sum(dim=1).abs().max())
            if leak > 1e-6 * float(m.abs().max()):
                raise ValueError(
                    f"{argument}: the momentum must not cross the wall, got |m.n| up "
                    f"to {leak:.1e} at its points. Subtract grad(phi) with "
                    "Lap(phi) = div(m) inside and d_n(phi) = m.n on the wall, or give "
                    "the density alone."
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


POWERS = {"matrix": matrix_powers, "vector": vector_powers}


def hard_ansatz(
    construction: str,
    extras: int,
    initial: Start | None,
    wall: Wall | None,
    mean: Sequence[float],
) -> tuple[Ansatz | None, list[list[Term]]]:
    """Return the ansatz, and what it adds to the density and each momentum.

    Args:
        construction: A key of ``POWERS``.
        extras: Number of free channels.
        initial: The initial state, if it is hard.
        wall: The wall, if there is one.
        mean: Constant momentum, d numbers.

    Raises:
        ValueError: State and wall contradict each other, or a function has outputs of
            a wrong shape.
    """
    if initial is None and wall is None:
        return None, [[] for _ in range(1 + len(mean))]
    times, walls = POWERS[construction](len(mean), initial)
    free = [0] * extras
    state = HardState(initial, wall, mean, times + free, walls + free)
    state.check()
    state(torch.full((2, len(mean) + 1), 0.5))
    return Ansatz(state, len(times) + extras, state.num_fixed), state.terms()


def known_means(
    periods: Sequence[float | None],
    initial: Start | None,
    wall: Wall | None,
    mean_density: Mean,
    mean_momentum: Mean,
) -> tuple[Mean, Mean]:
    """Return what initial state and wall say about the constants of a network.

    Args:
        periods: Of the d space axes.
        initial: The initial state, if it is hard.
        wall: The wall, if there is one.
        mean_density: As the user gave it.
        mean_momentum: As the user gave it.

    Raises:
        ValueError: The user's constants contradict them.
    """
    if initial is not None:
        if mean_density is not None:
            raise ValueError(
                "mean_density: follows from initial, must be None beside it, got "
                f"{mean_density!r}."
            )
        mean_density = 0.0
    elif wall is not None and mean_density is None:
        mean_density = "trained"
    is_momentum_hard = initial is not None and initial.has_momentum
    if wall is None and not is_momentum_hard:
        return mean_density, mean_momentum
    if mean_momentum == "trained":
        raise ValueError(
            "mean_momentum: must hold numbers or be None beside a wall or a hard "
            "initial momentum, got 'trained'."
        )
    if mean_momentum is None and isinstance(initial, InitialState):
        mean_momentum = _mean_over_periods(initial, periods)
    if mean_momentum is None:
        mean_momentum = [0.0] * len(periods)
    return mean_density, mean_momentum


def _mean_over_periods(
    initial: InitialState, periods: Sequence[float | None]
) -> list[float]:
    """Return the mean of the initial momentum on a torus, zeros elsewhere.

    The trapezoidal rule, exact to round-off for what the lattice resolves. An error
    does no harm to the exactness of the initial state.
    """
    lengths = [period for period in periods if period is not None]
    if len(lengths) < len(periods) or not initial.has_momentum:
        return [0.0] * len(periods)
    n = max(8, int(LATTICE ** (1 / len(lengths))))
    axes = [length * torch.arange(n, dtype=torch.float64) / n for length in lengths]
    x = torch.cartesian_prod(*axes).reshape(-1, len(lengths))
    return list(initial.momentum_at(x).mean(dim=0).tolist())
