"""What a solver is asked for, checked when it is made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ._arrays import Array, SpaceFunction, SpaceTimeFunction

Rule = tuple[str, Any, bool, str]
"""Name and value of an argument, whether its rule holds, and the rule in words."""


GROWTH = 1.5
"""Ratio of two steps at a start of third order."""


def check(*rules: Rule) -> None:
    """Check that all rules hold.

    Args:
        rules: Rules of the arguments.

    Raises:
        ValueError: If one does not hold.
    """
    for name, value, holds, rule in rules:
        if not holds:
            raise ValueError(f"{name} must be {rule}, got {value!r}")


@dataclass(frozen=True)
class FlowSetup:
    """A flow to solve for, on any domain.

    Attributes:
        rho0: Initial density, (dim, N) -> (N,).
        u0: Initial velocity, (dim, N) -> (dim, N).
        force: Body force per volume, ((dim, N), t) -> (dim, N).
        degree: Polynomial degree k of density and velocity.
        grad_div: Coefficient gamma of the grad-div term; ``None`` for that of
            :func:`reference_fem._scales.natural_grad_div`.
        viscosity: Dynamic viscosity mu.
        gravity: Force per mass (dim,).
        limited: Whether the density is kept within the bounds of its start.
        order: Order in time, 2 or 3.

    Raises:
        ValueError: If a coefficient is negative or not finite, or the order another.
    """

    rho0: SpaceFunction
    u0: SpaceFunction
    force: SpaceTimeFunction | None = None
    degree: int = 2
    grad_div: float | None = 1.0
    viscosity: float = 0.0
    gravity: Sequence[float] | None = None
    limited: bool = False
    order: int = 2

    def __post_init__(self) -> None:
        check(("order", self.order, self.order in (2, 3), "2 or 3"))
        for name in ("grad_div", "viscosity"):
            value = getattr(self, name)
            is_valid = value is None or 0 <= value < math.inf
            check((name, value, is_valid, "finite and not negative"))


@dataclass(frozen=True)
class TimeGrid:
    """The steps of a march, and the times to save.

    Attributes:
        steps: Times of the steps (num_steps + 1,), increasing from 0.
        saved: Times to save (T,), increasing.
        dt: Size of all steps but those of a start of third order.
    """

    steps: Array
    saved: Array
    dt: float

    @classmethod
    def create(
        cls,
        dt: float,
        t_end: float,
        save_times: Sequence[float] | int,
        order: int = 2,
    ) -> Self:
        r"""Divide the time into as few steps as the largest step allows.

        Of order 3 the first steps are smaller, as their formulas are of lower order:
        of N steps the first is at most :math:`\tau / \sqrt N`, so that its error
        :math:`O(\tau^3)` is of third order; each next one is 3/2 of the one before,
        which backward differentiation of third order bears (below 1.534).

        Args:
            dt: Largest time step.
            t_end: Final time.
            save_times: Increasing times in [0, t_end], or a number of equally spaced
                ones.
            order: Order in time.

        Raises:
            ValueError: If an argument is out of range.
        """
        check(
            ("t_end", t_end, 0 < t_end < math.inf, "positive and finite"),
            ("dt", dt, 0 < dt <= t_end, f"positive and at most t_end = {t_end!r}"),
        )
        count = t_end / dt * (1 - 1e-12)
        if order == 2:
            num_steps = math.ceil(count)
            steps = np.linspace(0.0, t_end, num_steps + 1)
            dt = t_end / num_steps
        else:
            first = math.ceil(math.log(count, GROWTH) / 2)
            sizes = GROWTH ** np.arange(-first, 0.0)
            num_equal = max(1, math.ceil(count - sizes.sum()))
            sizes = np.append(sizes, np.ones(num_equal))
            dt = t_end / float(sizes.sum())
            steps = np.append(0.0, dt * np.cumsum(sizes))
            steps[-1] = t_end
        return cls(steps, saved_times(save_times, t_end), dt)

    @property
    def num_steps(self) -> int:
        """Number of steps."""
        return len(self.steps) - 1

    @property
    def sizes(self) -> Array:
        """Sizes of the steps (num_steps,); the same number where they are equal."""
        sizes = np.diff(self.steps)
        return np.where(np.isclose(sizes, self.dt, rtol=1e-9), self.dt, sizes)


def saved_times(save_times: Sequence[float] | int, t_end: float) -> Array:
    """Return the times to save.

    Args:
        save_times: Increasing times in [0, t_end], or a number of equally spaced ones.
        t_end: Final time.

    Raises:
        ValueError: If they are out of range or order.
    """
    if isinstance(save_times, int):
        if save_times < 2:
            raise ValueError(
                f"save_times as a number must be at least 2, got {save_times!r}"
            )
        return np.linspace(0.0, t_end, save_times)
    times = np.asarray(save_times, dtype=np.float64)
    close = np.abs(times - t_end) <= 1e-12 * t_end
    times = np.where(close, t_end, times)
    ordered = times.ndim == 1 and times.size > 0 and bool((np.diff(times) > 0).all())
    if not ordered or times[0] < 0 or times[-1] > t_end:
        raise ValueError(
            f"save_times must increase within [0, t_end = {t_end:g}], "
            f"got {save_times!r}"
        )
    return times
