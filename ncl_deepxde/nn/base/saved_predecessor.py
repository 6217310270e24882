"""Which earlier network a state belongs to: saved beside it, compared on loading.

A network that goes on from another one does not own its weights, so they are not part
of its ``state_dict``. A checksum of them is, in the metadata, which ``torch.save``
keeps and which has no key: restored beside another earlier network the weights would be
those of a silently different flow.
"""

from __future__ import annotations

from typing import Any

import torch

from .predecessor import Predecessor

__all__ = ["remember_predecessor"]

ENTRY = "predecessor"


def remember_predecessor(net: torch.nn.Module, base: Predecessor) -> None:
    """Let states of a network know the earlier one that it goes on from.

    Loading a state that was saved beside another one raises ``RuntimeError``, as
    ``load_state_dict`` does for weights of another shape.

    Args:
        net: The network.
        base: What it goes on from.
    """
    net.register_state_dict_post_hook(_Saved(base))  # type: ignore[no-untyped-call]
    net.register_load_state_dict_pre_hook(_Compared(base))  # type: ignore[no-untyped-call]


class _Saved:
    """Notes the checksum while a state is saved."""

    def __init__(self, base: Predecessor) -> None:
        self.base = base

    def __call__(
        self, net: torch.nn.Module, state: Any, prefix: str, metadata: dict[str, Any]
    ) -> None:
        metadata[ENTRY] = self.base.digest()


class _Compared:
    """Compares the checksum while a state is loaded."""

    def __init__(self, base: Predecessor) -> None:
        self.base = base

    def __call__(
        self,
        net: torch.nn.Module,
        state: Any,
        prefix: str,
        metadata: dict[str, Any],
        strict: bool,
        missing: list[str],
        unexpected: list[str],
        errors: list[str],
    ) -> None:
        if metadata.get(ENTRY, self.base.digest()) != self.base.digest():
            errors.append(
                f"{prefix or 'state_dict'}: must be loaded beside the earlier network "
                "that its weights went on from, with the same time and ramp, got "
                "another one. Load the state of the earlier network first, or keep "
                "both in nn.Windows."
            )
