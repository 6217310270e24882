r"""The processes that train one model together.

Every process holds all weights and draws all points of a step, which are a function of
the seed and the step alone; it evaluates the network at its share of them. What is
added up over the points is exchanged, so that all processes take the same step:

.. math:: L(r), \quad r = (r^{(0)}, \dots, r^{(P-1)}), \qquad
    \nabla L = \frac1P \sum_p P \,
    \Bigl(\frac{\partial r^{(p)}}{\partial\theta}\Bigr)^T
    \frac{\partial L}{\partial r^{(p)}} .

The loss is computed from the residuals of all processes and so need be no mean.
Gradients are averaged and not summed: what every process computes in the same way, such
as a penalty, keeps its gradient.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["LostProcessError", "Processes", "SharesPoints", "alone", "processes"]

# For what the first process does alone: a reference by finite elements may take hours.
LONGEST = timedelta(days=7)

Returned = TypeVar("Returned")


class LostProcessError(RuntimeError):
    """Another process ended, or did not answer in time."""


class SharesPoints:
    """Data of which every process evaluates its share."""


class Processes:
    """The processes that train together; without arguments one process alone.

    Args:
        rank: Number of this process, from 0.
        size: Number of all.
        store: Where the others learn that the first one is done.

    Attributes:
        sent: Bytes that this process put into messages so far.
    """

    def __init__(self, rank: int = 0, size: int = 1, store: Any = None) -> None:
        self.rank, self.size, self.sent = rank, size, 0
        self._store, self._waits = store, 0

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and tells what goes on."""
        return self.rank == 0

    def share(self, count: int, what: str) -> slice:
        """Return which of some rows this process evaluates.

        Args:
            count: Number of rows.
            what: Their name, for the error.

        Raises:
            ValueError: There are fewer rows than processes.
        """
        if count < self.size:
            raise ValueError(
                f"{what}: must have at least one point for each of the {self.size} "
                f"processes, got {count}. Take more points, or start fewer processes."
            )
        first, last = (count * p // self.size for p in (self.rank, self.rank + 1))
        return slice(first, last)

    def sum(self, *tensors: Tensor) -> list[Tensor]:
        """Return the sums of tensors over all processes, by one message.

        They are the same to the last bit on all processes.
        """
        if self.size == 1:
            return list(tensors)
        flat = torch.cat([t.detach().reshape(-1) for t in tensors])
        self._tell(dist.all_reduce, flat)
        pieces = torch.split(flat, [t.numel() for t in tensors])
        return [p.reshape(t.shape) for p, t in zip(pieces, tensors, strict=True)]

    def collect(self, flat: Tensor) -> Tensor:
        """Return the tensors of all processes, of one shape (n,): (size, n)."""
        if self.size == 1:
            return flat[None]
        found = flat.new_empty(self.size * len(flat))
        self._tell(dist.all_gather_into_tensor, found, flat)
        return found.view(self.size, -1)

    def first(self, function: Callable[[], Returned]) -> Returned:
        """Let the first process do something; the others wait and get what it returns.

        Raises:
            ValueError: The function raised it, or another error, on the first process.
        """
        if self.size == 1:
            return function()
        found: list[Any] = [None, None]
        self._waits += 1
        key = f"ncl_deepxde done {self._waits}"
        if self.is_first:
            try:
                with alone():
                    found[0] = function()
            except Exception as error:
                found[1] = error
            self._store.set(key, "")
        else:
            self._tell(self._store.wait, [key], LONGEST)
        self._tell(dist.broadcast_object_list, found)
        if found[1] is not None:
            raise found[1]
        result: Returned = found[0]
        return result

    def check_same(self, facts: Mapping[str, Any]) -> None:
        """Refuse processes that would train differently.

        Args:
            facts: What must be equal, by name.

        Raises:
            ValueError: Something differs; the message names it.
        """
        if self.size == 1:
            return
        found: list[Any] = [None] * self.size
        self._tell(dist.all_gather_object, found, dict(facts))
        for name, mine in found[0].items():
            for rank, others in enumerate(found):
                if others.get(name) != mine:
                    raise ValueError(
                        f"distributed: {name} must be the same on all processes, got "
                        f"{mine!r} on process 0 and {others.get(name)!r} on process "
                        f"{rank}. {REMEDIES.get(name, REMEDY)}"
                    )

    def is_first_to_say(self, message: str) -> bool:
        """Tell whether no other process has said the same before."""
        if self.size == 1:
            return True
        try:
            return bool(self._store.add(f"ncl_deepxde said {message}", 1) == 1)
        except RuntimeError:
            # The first process, which keeps the store, is gone.
            return True

    def _tell(self, send: Callable[..., Any], *arguments: Any) -> None:
        """Send a message, the last of the arguments where it is a tensor."""
        if isinstance(arguments[-1], Tensor):
            self.sent += arguments[-1].nbytes
        try:
            send(*arguments)
        except RuntimeError as error:
            # Without the place in gloo that it comes from, and its advice.
            reason = re.sub(r"^\[\S*\] ", "", str(error).strip())
            reason = re.split(r"\. |\n", reason)[0]
            raise LostProcessError(
                f"distributed: one of {self.size} processes ended, or did not answer "
                f"in time ({reason}); its message, if any, tells why. Continue from "
                "the last checkpoint with --resume (resume=True)."
            ) from error


SEEDED = (
    "Call dde.config.set_random_seed with the same number on all processes, before "
    "points are drawn and the network is built."
)
REMEDY = "Start all processes by one command, in equal environments."
REMEDIES = {"weights": SEEDED, "points": SEEDED}

_current = [Processes()]


def processes() -> Processes:
    """Return the processes that train together: one where ``start`` was not called."""
    return _current[-1]


def enter(found: Processes) -> None:
    """Make processes known to all that exchange something, from here on."""
    _current[:] = [found]


@contextmanager
def alone() -> Iterator[None]:
    """Compute inside as one process does, without messages."""
    with enter_for(Processes()):
        yield


@contextmanager
def enter_for(found: Processes) -> Iterator[None]:
    """Make processes known to all that exchange something inside."""
    _current.append(found)
    try:
        yield
    finally:
        _current.pop()


def tensors_of(optimizer: torch.optim.Optimizer) -> Sequence[Tensor]:
    """Return all parameters of an optimizer."""
    return [p for group in optimizer.param_groups for p in group["params"]]
