"""Constant parts of the density and the momentum of a network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import torch

from ..base.checks import check_choice, check_kind
from ..base.spec import Constant
from .continuation import Continuation, ContinuedLaw
from .initial_velocity import InitialVelocity
from .start_and_wall import InitialState, Wall

__all__ = ["Mean", "mean_flux", "mean_velocity"]

Mean = float | Sequence[float] | Literal["trained"] | None
FluxStart = InitialState | Continuation | ContinuedLaw

# Points of the lattice for a mean value: 64 per axis in 2D, 16 in 3D.
LATTICE = 4096


def mean_flux(
    periods: Sequence[float | None],
    initial: FluxStart | None,
    wall: Wall | None,
    mean_density: Mean,
    mean_momentum: Mean,
    start: float = 1.0,
) -> list[Constant]:
    """Return the constant parts of the density and of the d momenta.

    Args:
        periods: Period of each of the d space axes, ``None`` where not periodic.
        initial: Initial state, if it is hard.
        wall: Wall, if there is one.
        mean_density: Constant of the density as the user gave it.
        mean_momentum: Constants of the momentum as the user gave them.
        start: Value that a trained constant of the density starts from.

    Raises:
        ValueError: The user's constants contradict the state or the wall, or are not
            numbers of the right count.
    """
    if not isinstance(initial, ContinuedLaw):
        check_kind("initial", initial, InitialState, Continuation)
    check_kind("wall", wall, Wall)
    density = _density(initial, wall, mean_density)
    momentum = _momentum(periods, initial, wall, mean_momentum)
    on_torus, d = None not in periods, len(periods)
    return [
        *_constants("mean_density", density, 1, start, on_torus),
        *_constants("mean_momentum", momentum, d, 0.0, on_torus),
    ]


def _density(initial: FluxStart | None, wall: Wall | None, given: Mean) -> Mean:
    """Return the constant of the density, which an initial state determines."""
    if initial is not None:
        if given is not None:
            raise ValueError(
                "mean_density: follows from initial, must be None beside it, got "
                f"{given!r}."
            )
        return 0.0
    return "trained" if wall is not None and given is None else given


def _momentum(
    periods: Sequence[float | None],
    initial: FluxStart | None,
    wall: Wall | None,
    given: Mean,
) -> Mean:
    """Return the constants of the momentum, as far as state and wall determine them."""
    if isinstance(initial, Continuation | ContinuedLaw) and given is not None:
        raise ValueError(
            "mean_momentum: goes on from the network that is continued, must be None "
            f"beside a Continuation, got {given!r}."
        )
    is_momentum_hard = initial is not None and initial.has_momentum
    if wall is None and not is_momentum_hard:
        return given
    if given == "trained":
        raise ValueError(
            "mean_momentum: must hold numbers or be None beside a wall or a hard "
            "initial momentum, got 'trained'."
        )
    if given is not None:
        return given
    if isinstance(initial, InitialState):
        return _mean_over_periods(initial, periods)
    return [0.0] * len(periods)


def _mean_over_periods(
    initial: InitialState, periods: Sequence[float | None]
) -> list[float]:
    """Return the mean of the initial momentum on a torus, zeros elsewhere.

    The trapezoidal rule is exact to round-off for what the lattice resolves. Its error
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


def _constants(
    argument: str, value: Mean, num: int, start: float, on_torus: bool
) -> list[Constant]:
    """Return the constants of some components of the flux.

    Args:
        argument: Name of the argument, for error messages.
        value: Numbers, ``"trained"``, or ``None`` for the default.
        num: Number of components.
        start: Value that trained constants start from.
        on_torus: Whether all axes are periodic, so that constants are trained by
            default.
    """
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


def mean_velocity(
    periods: Sequence[float | None],
    initial: InitialVelocity | None,
    wall: Wall | None,
    given: Mean,
) -> list[Constant]:
    r"""Return the constants of the d components of an incompressible velocity.

    The constant of component i is :math:`\partial_j A_{ij}` of :math:`A_{ij} = \bar u_i
    x_j` for any axis j other than i that is not periodic. Where all are, it has to be
    added, and is trained.

    Args:
        periods: Period of each of the d space axes, ``None`` where not periodic.
        initial: Initial velocity, if it is hard.
        wall: Wall, if there is one.
        given: Constants as the user gave them.

    Raises:
        ValueError: They are not numbers of the right count, or contradict the state.
    """
    d = len(periods)
    if given is not None and initial is not None:
        raise ValueError(
            "mean_velocity: follows from initial, must be None beside it, got "
            f"{given!r}. Give InitialVelocity its mean."
        )
    if isinstance(given, str) and wall is not None:
        raise ValueError(
            f"mean_velocity: must hold numbers or be None beside a wall, got {given!r}."
            " Leave it out; the flow between parts of a wall is trained, or given by "
            "lifting=Lifting(flows=...)."
        )
    if initial is not None:
        given = [0.0] * d if initial.mean is None else initial.mean
        return _constants("mean of initial", given, d, 0.0, False)
    if given is not None or wall is not None:
        return _constants("mean_velocity", given, d, 0.0, False)
    others = [[*periods[:i], *periods[i + 1 :]] for i in range(d)]
    return [Constant(0.0, None not in rest) for rest in others]
