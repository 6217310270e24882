"""The functions that a user gives to a network, checked as those of single points."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

from torch import Tensor

from ...jets.pointwise import PointwiseCheck, check_without_points
from .continuation import Continuation, ContinuedLaw
from .initial_velocity import InitialVelocity
from .lifting import Lifting
from .start_and_wall import InitialState, PointFunction, Wall

__all__ = ["GivenFunctions"]

Initial = InitialState | InitialVelocity | Continuation | ContinuedLaw


class GivenFunctions:
    """Initial state, wall and lifting of a network as functions of single points.

    Called on inputs (N, dim), the first that the network meets, it checks them there.

    Args:
        dim: Number of space dimensions d; the time, if there is one, is column d.
        num_inputs: Number of columns of the inputs.
        initial: Initial state, if it is hard.
        wall: Wall, if there is one.
        lifting: Known flow, or its potential, if there is one.

    Attributes:
        initial: Initial state, if it is hard.

    Raises:
        ValueError: When built, a function that needs numpy arrays, or holds something
            to train. When called, also one that looks at the whole batch.
    """

    def __init__(
        self,
        dim: int,
        num_inputs: int,
        initial: Initial | None,
        wall: Wall | None,
        lifting: Lifting | Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.initial = initial
        functions = {name: (f, dim) for name, f in _functions_of(initial).items()}
        if wall is not None:
            functions["wall"] = (wall.function, dim)
        for name, function in _functions_of_lifting(lifting).items():
            functions[name] = (function, num_inputs)
        self._functions = [
            _Given(PointwiseCheck(name, is_kept=True), function, columns)
            for name, (function, columns) in functions.items()
        ]
        self._more: tuple[Callable[[Tensor], None], ...] = ()
        for given in self._functions:
            check_without_points(given.check.argument, given.function, given.columns)
        if wall is not None:
            wall.check_points(dim)
            PointwiseCheck("wall", is_kept=True)(wall.function, wall.points)

    def __call__(self, inputs: Tensor) -> None:
        """Check all functions at inputs (N, dim), until they are known."""
        for given in self._functions:
            given.check(given.function, inputs[:, : given.columns])
        for check in self._more:
            check(inputs)

    def also(self, *checks: Callable[[Tensor], None]) -> GivenFunctions:
        """Return these checks and further ones of the inputs (N, dim)."""
        found = copy(self)
        found._more = (*self._more, *checks)
        return found


@dataclass(frozen=True)
class _Given:
    """A function of the first columns of the inputs, and its check."""

    check: PointwiseCheck
    function: PointFunction
    columns: int


def _functions_of(initial: Initial | None) -> dict[str, PointFunction]:
    """Return the functions of space that an initial state is given by."""
    found: dict[str, PointFunction | None] = {}
    if isinstance(initial, InitialState):
        found = {
            "density": initial.density,
            "momentum": initial.momentum,
            "velocity": initial.velocity,
            "potential": initial.potential,
        }
    elif isinstance(initial, InitialVelocity):
        found = {"potential": initial.potential}
    return {f"{name} of initial": f for name, f in found.items() if f is not None}


def _functions_of_lifting(
    lifting: Lifting | PointFunction | None,
) -> dict[str, PointFunction]:
    """Return the functions of all inputs that a lifting is given by."""
    if lifting is None:
        return {}
    if not isinstance(lifting, Lifting):
        return {"lifting": lifting}
    found = {f"profile {k} of lifting": f for k, f in enumerate(lifting.profiles or ())}
    found["potential of lifting"] = lifting.potential
    return {name: f for name, f in found.items() if f is not None}
