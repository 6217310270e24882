"""What must hold at the end of every stage of a training, and on a finished run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import deepxde as dde
import numpy as np
import torch
from torch import Tensor

from ..evaluation.promises import Promise, evaluating, promises, some_points

__all__ = [
    "broken_in",
    "loss_fell",
    "network_promises",
    "outputs_at",
    "points_of",
    "sample_of",
]

ENOUGH = 4
"""Losses that are needed before a stage is said to have raised them."""

NOISE = 0.1


def network_promises(net: torch.nn.Module, inputs: Tensor | None) -> Iterator[Promise]:
    """Yield what the construction of a network promises, in evaluation mode.

    Looking must not end a training: what cannot be looked at is told as such.

    Args:
        net: The network.
        inputs: Points to look at, (N, d + 1); none where there are none of that kind.
    """
    if inputs is None:
        return
    try:
        with evaluating(net):
            yield from promises(net, inputs)
    except (RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        yield Promise("promises", True, f"could not be looked at ({reason})")


def points_of(model: dde.Model) -> Tensor | None:
    """Return some of the points that a model was trained on last, if they are rows."""
    points = model.train_state.X_train
    weight = next(iter(model.net.parameters()), None)
    if weight is None or not isinstance(points, Tensor | np.ndarray):
        return None
    if points.ndim != 2 or not len(points):
        return None
    rows = torch.as_tensor(points, dtype=weight.dtype, device=weight.device)
    return some_points(rows)


def sample_of(model: dde.Model) -> dict[str, Tensor] | None:
    """Return some points and what the network says there, to be compared later."""
    inputs = points_of(model)
    return None if inputs is None else outputs_at(model.net, inputs)


def outputs_at(net: torch.nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """Return inputs (N, k) and outputs (N, C) of a network in evaluation mode."""
    with evaluating(net), torch.no_grad():
        return {"inputs": inputs, "outputs": net(inputs)}


def loss_fell(losses: Sequence[float], stage: str) -> Promise | None:
    """Tell whether a stage brought the loss down; ``None`` where it is too short.

    Points that are new at every step make single losses noisy, so the smallest of all
    later ones counts, and may exceed the first one by a tenth.

    Args:
        losses: Losses of the stage in the log, in the order of the steps.
        stage: Name of the stage.
    """
    if len(losses) < ENOUGH:
        return None
    first, best = losses[0], min(filter(math.isfinite, losses[1:]), default=math.inf)
    fell = best <= first + NOISE * abs(first)
    return Promise(f"loss of {stage}", fell, f"{first:.3g} first, {best:.3g} at best")


def broken_in(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what was found broken at the ends of stages, from records of the log."""
    return [text for record in records for text in record.get("broken", ())]
