"""Adam with a bound on the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .unknowns import check_all_trained

__all__ = ["ClippedAdam"]


class ClippedAdam(torch.optim.Adam):
    """Adam on gradients of bounded norm.

    Args:
        parameters: Parameters or groups of them.
        clip: Largest norm of the gradient by all of them.
        options: Options of ``torch.optim.Adam``.

    Example:
        >>> optimizer = ClippedAdam(torch.nn.Linear(3, 2).parameters(), 1.0, lr=1e-3)
    """

    def __init__(self, parameters: Any, clip: float, **options: Any) -> None:
        super().__init__(parameters, **options)
        self.clip = clip

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Evaluate the loss and its gradient once, clip, and step."""
        if not self.state:
            check_all_trained(self, closure)
        with torch.enable_grad():
            loss = closure()
        every = [p for group in self.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(every, self.clip)
        super().step()
        return loss
