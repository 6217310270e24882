"""Constant parts of the density and the momentum of a network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import torch

from ..base.checks import check_choice, check_kind
from ..base.field import Constant
from .continuation import Continuation
from .start_and_wall import InitialState, Wall

__all__ = ["Mean", "known_means", "mean_constants"]

Mean = float | Sequence[float] | Literal["trained"] | None

# Points of the lattice for a mean value: 64 per axis in 2D, 16 in 3D.
LATTICE = 4096


def known_means(
    periods: Sequence[float | None],
    initial: InitialState | Continuation | None,
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
    check_kind("initial", initial, InitialState, Continuation)
    check_kind("wall", wall, Wall)
    if initial is not None:
        if mean_density is not None:
            raise ValueError(
                "mean_density: follows from initial, must be None beside it, got "
                f"{mean_density!r}."
            )
        mean_density = 0.0
    elif wall is not None and mean_density is None:
        mean_density = "trained"
    if isinstance(initial, Continuation) and mean_momentum is not None:
        raise ValueError(
            "mean_momentum: goes on from the network that is continued, must be None "
            f"beside a Continuation, got {mean_momentum!r}."
        )
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
    n = round(LATTICE ** (1 / len(lengths)))
    axes = [
        length * torch.arange(n, dtype=torch.get_default_dtype()) / n
        for length in lengths
    ]
    x = torch.cartesian_prod(*axes).reshape(-1, len(lengths))
    return list(initial.momentum_at(x).mean(dim=0).tolist())


def mean_constants(
    argument: str, value: Mean, num: int, start: float, on_torus: bool
) -> list[Constant]:
    """Return the constants of ``num`` components of the flux."""
    if value is None:
        return [Constant(start, True) if on_torus else Constant()] * num
    if isinstance(value, str):
        check_choice(argument, value, ("trained",))
        return [Constant(start, True)] * num
    try:
        values = [float(v) for v in (value if isinstance(value, Iterable) else [value])]
    except (TypeError, ValueError):
        values = []
    if len(values) != num or not all(map(math.isfinite, values)):
        raise ValueError(
            f"{argument}: must hold {num} finite number(s) or be 'trained', got "
            f"{value!r}."
        )
    return [Constant(v) for v in values]
