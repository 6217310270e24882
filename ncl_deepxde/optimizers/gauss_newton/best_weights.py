r"""The best weights so far, judged at points that no step is computed from.

Between two steps the network holds the weights of the smallest loss at the held-out
points, :math:`\theta^* = \arg\min_k L'(\theta_k)`; the iterate that steps go on from is
kept aside. What ends a training, is shown, saved or restored is therefore never worse
than what was seen before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["LOST", "BestWeights"]

# Fresh points let a good iterate go up and down by a factor of two or three (the flow
# on the torus, 450 points); what is lost goes up by orders of magnitude.
LOST = 100.0


class BestWeights:
    """Keeps the iterate and the best weights of an optimizer.

    Args:
        optimizer: Its state holds the tensors "iterate" and "best" of each parameter,
            its first parameter group the number "best_loss", so that all are saved
            with it.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer

    @property
    def _state(self) -> Mapping[Tensor, dict[str, Any]]:
        # Loading a checkpoint replaces it.
        return self._optimizer.state

    @property
    def loss(self) -> float:
        """The smallest loss at the held-out points; infinite before the first."""
        return float(self._optimizer.param_groups[0].get("best_loss", math.inf))

    def enter(self, parameters: Sequence[Tensor]) -> bool:
        """Move to the iterate; return whether there is one.

        Weights that somebody changed since the last step are a new start.
        """
        best = [self._state[p].get("best") for p in parameters]
        pairs = list(zip(best, parameters, strict=True))
        is_ours = all(b is not None and torch.equal(b, p) for b, p in pairs)
        if is_ours:
            for p in parameters:
                p.copy_(self._state[p]["iterate"])
        return is_ours

    def show(self, parameters: Sequence[Tensor]) -> None:
        """Move to the best weights."""
        for p in parameters:
            p.copy_(self._state[p]["best"])

    def start(self, parameters: Sequence[Tensor], loss: float) -> None:
        """Take the weights as the best, with this loss at the held-out points."""
        self._optimizer.param_groups[0]["best_loss"] = loss
        for p in parameters:
            self._state[p]["best"] = p.clone()

    def leave(self, parameters: Sequence[Tensor], loss: float) -> bool:
        """Judge the iterate, and move to the best weights.

        Args:
            parameters: They hold the iterate.
            loss: Its loss at the held-out points.

        Returns:
            Whether the next step goes on from the iterate: one that is lost is
            replaced by the best weights.
        """
        is_kept = loss <= LOST * self.loss
        # A start of infinite loss is left behind by any finite one.
        if loss < self.loss:
            self.start(parameters, loss)
        for p in parameters:
            state = self._state[p]
            state["iterate"] = p.clone() if is_kept else state["best"].clone()
        self.show(parameters)
        return is_kept
