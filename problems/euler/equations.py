"""The equations of the Euler problems, and what of them is left to train."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncl_deepxde.operators import Flow, continuity, incompressibility, momentum

__all__ = ["Formulation", "columns", "flow_residuals"]

LEAST_DENSITY = 0.3


@dataclass(frozen=True)
class Formulation:
    """A network and the residuals that its construction leaves to train.

    Attributes:
        net: The network.
        residuals: Residuals of the equations at points of space-time, from inputs and
            outputs, each (N, 1).
        weights: Weight of each residual in the loss, by its name.
        num_initial: Number of defects of an initial state that is not built in.
        pressure: Pressure from the outputs; their last column by default.
    """

    net: Any
    residuals: Callable[[Tensor, Tensor], list[Tensor]]
    weights: Mapping[str, float]
    num_initial: int
    pressure: Callable[[Tensor], Tensor] | None = None


def flow_residuals(
    inputs: Tensor, outputs: Tensor, *, per_volume: bool, with_continuity: bool = False
) -> list[Tensor]:
    r"""Return momentum (d components), incompressibility, continuity, each (N, 1).

    Args:
        inputs: Points of space-time, (N, d + 1).
        outputs: Columns (rho, m, p), (N, d + 2).
        per_volume: Whether to divide the force by :math:`\rho^2` and incompressibility
            by :math:`\rho`: light and heavy fluid then count alike. The density is a
            constant weight here, at least ``LEAST_DENSITY``.
        with_continuity: Whether the network needs the residual of continuity.
    """
    flow = Flow.of(inputs, outputs)
    rho = flow.rho.detach().clamp(min=LEAST_DENSITY) if per_volume else 1.0
    found = [*columns(momentum(flow) / rho**2), incompressibility(flow) / rho]
    return [*found, continuity(flow)] if with_continuity else found


def columns(vectors: Tensor) -> list[Tensor]:
    """Split vectors (N, k) into k columns (N, 1)."""
    return list(torch.split(vectors, 1, dim=1))
