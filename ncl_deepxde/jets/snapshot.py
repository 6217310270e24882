"""The values that a function depends on, to tell whether they have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import torch
from torch import Tensor

__all__ = ["Snapshot", "weights_state"]


class Snapshot:
    """Copies of tensors: equal to another one where every value is.

    Numbers of versions would miss what is written through ``.data``, as the optimizers
    NNCG and ``torch.nn.utils.vector_to_parameters`` do. A copy misses nothing, and
    costs as much as one step of plain gradient descent.

    Args:
        tensors: Parameters, buffers or other tensors.
    """

    def __init__(self, tensors: Iterable[Tensor] = ()) -> None:
        with torch.no_grad():
            self._tensors = tuple(t.detach().clone() for t in tensors)

    def __add__(self, other: Snapshot) -> Snapshot:
        joined = Snapshot()
        joined._tensors = self._tensors + other._tensors
        return joined

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Snapshot):
            return NotImplemented
        pairs = zip(self._tensors, other._tensors, strict=False)
        is_same_number = len(self._tensors) == len(other._tensors)
        return is_same_number and all(_is_same(a, b) for a, b in pairs)

    __hash__ = None  # type: ignore[assignment]

    def digest(self) -> str:
        """Return a checksum of the values, the same in single and double precision.

        Values that single precision cannot hold give another one there.
        """
        found = hashlib.sha256()
        for t in self._tensors:
            found.update(repr(tuple(t.shape)).encode())
            found.update(t.double().cpu().numpy().tobytes())
        return found.hexdigest()


def weights_state(net: torch.nn.Module) -> Snapshot:
    """Return the values of a network's weights and buffers.

    Args:
        net: Its own count, not those of other networks that it refers to.
    """
    # Tables that are made on demand are no part of a state_dict either.
    buffers = [
        buffer
        for module in net.modules()
        for name, buffer in module.named_buffers(recurse=False)
        if name not in module._non_persistent_buffers_set
    ]
    return Snapshot([*net.parameters(), *buffers])


def _is_same(a: Tensor, b: Tensor) -> bool:
    """Tell whether two tensors are equal, NaN equal to itself."""
    if (a.shape, a.dtype, a.device) != (b.shape, b.dtype, b.device):
        return False
    return torch.equal(a, b) or torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)
