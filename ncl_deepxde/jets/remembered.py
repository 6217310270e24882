"""Functions of the inputs alone, kept for their last points."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

from .jets import in_functorch
from .snapshot import Snapshot

__all__ = ["Remembered"]

What = TypeVar("What", bound=Hashable)
Value = TypeVar("Value")

# A step of training evaluates domain and conditions in turn.
ENTRIES = 4


@dataclass(frozen=True)
class _Entry(Generic[Value]):
    """A value, the points that it was computed at, and all else that it depends on."""

    inputs: Tensor
    key: tuple[Hashable, torch.dtype, torch.device]
    state: Snapshot
    value: Value


class Remembered(Generic[What, Value]):
    """A function that is not trained and remembers its last points.

    A line search evaluates the same points again and again. Nothing is remembered, and
    nothing is detached, where the inputs are being differentiated.

    Args:
        function: Maps inputs (N, dim) and what is wanted there to anything.
        state: Returns the values that the function depends on besides.
    """

    def __init__(
        self,
        function: Callable[[Tensor, What], Value],
        state: Callable[[], Snapshot] = Snapshot,
    ) -> None:
        self.function, self.state = function, state
        self._entries: deque[_Entry[Value]] = deque(maxlen=ENTRIES)

    def __call__(self, inputs: Tensor, what: What) -> Value:
        """Return ``function(inputs, what)``.

        Args:
            inputs: Shape (N, dim).
            what: Second argument.
        """
        if in_functorch() or (torch.is_grad_enabled() and inputs.requires_grad):
            return self.function(inputs, what)
        if torch.is_inference_mode_enabled():
            return self.function(inputs, what)
        key, state = (what, inputs.dtype, inputs.device), self.state()
        for entry in self._entries:
            is_there = entry.key == key and torch.equal(entry.inputs, inputs)
            if is_there and entry.state == state:
                return entry.value
        with torch.no_grad():
            value = self.function(inputs, what)
        self._entries.append(_Entry(inputs.detach().clone(), key, state, value))
        return value

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_entries": deque(maxlen=ENTRIES)}
