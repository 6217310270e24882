"""Data at a few of the points of a step, to look at it before it is done."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from .deepxde_data import SHARED, is_pointwise, rows_of_share
from .processes import Processes, enter_for

__all__ = ["HasPart", "one_of", "part_of"]


@runtime_checkable
class HasPart(Protocol):
    """Data that can be had at a part of the points of a step."""

    def part(self, points: int) -> tuple[Any, float] | None:
        """Return the same at about so many points, and which share that is."""
        ...


class _OneOf(Processes):
    """The first of many processes, without the others: it gets points, no messages."""

    def share(self, count: int, what: str) -> slice:
        return slice(0, max(1, count // self.size))


@contextmanager
def one_of(size: int) -> Iterator[None]:
    """Draw inside what one of so many processes would, at least one point of each."""
    with enter_for(_OneOf(size=size)):
        yield


def part_of(data: Any, points: int) -> tuple[Any, float] | None:
    """Return data at about so many points, whose next batch they are.

    Args:
        data: Of a ``deepxde.Model``; they stay as they are.
        points: The number wanted, fewer where a step has fewer; a condition keeps at
            least one.

    Returns:
        The data, and which share of all processes' points they have; ``None`` where
        nobody can say what a part of them is.
    """
    if isinstance(data, HasPart):
        return data.part(points)
    plain = {**{kind: kind for kind in SHARED}, **{b: a for a, b in SHARED.items()}}
    if type(data) not in plain or not is_pointwise(data):
        return None
    parts = max(1, len(data.train_x) // points)
    few = copy.copy(data)
    few.__class__ = plain[type(data)]
    with one_of(parts):
        found = rows_of_share(few)
    # DeepXDE remembers targets by the place of points in memory: none may be reused.
    data.earlier = [*getattr(data, "earlier", ()), found.train_x]
    return found, 1 / parts
