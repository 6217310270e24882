"""What the Euler problems share: residuals, and how networks are made from settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ncl_deepxde.operators import Flow, continuity, incompressibility, momentum

__all__ = [
    "Model",
    "Settings",
    "columns",
    "flow_residuals",
    "hidden",
    "initializer",
    "started",
]

Residual = Callable[[Tensor, Tensor], list[Tensor]]
Settings = Mapping[str, Any]

LEAST_DENSITY = 0.3

# DeepXDE has no such initializer for PyTorch: variance 1 / fan-in, as in the paper.
INITIALIZERS = {
    "LeCun normal": partial(torch.nn.init.kaiming_normal_, nonlinearity="linear")
}


@dataclass(frozen=True)
class Model:
    """A network and its residuals.

    Attributes:
        net: The network.
        residuals: Of the equations, at points of space-time.
        terms: Name of each residual and the setting that holds its weight.
        num_initial: Number of defects of an initial state that is not built in.
        pressure: Pressure from the outputs; their last column by default.
    """

    net: Any
    residuals: Residual
    terms: list[tuple[str, str]]
    num_initial: int
    pressure: Callable[[Tensor], Tensor] | None = None


def hidden(own: Settings) -> list[int]:
    """Return the widths of the hidden layers."""
    return [own["width"]] * own["depth"]


def initializer(own: Settings) -> Any:
    """Return DeepXDE's name of an initializer, or a function."""
    return INITIALIZERS.get(own["initializer"], own["initializer"])


def started[Net: torch.nn.Module](net: Net, own: Settings) -> Net:
    """Scale the initial weights, as the paper does."""
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(own["scale"])
    return net


def flow_residuals(
    inputs: Tensor, outputs: Tensor, *, per_volume: bool, with_continuity: bool = False
) -> list[Tensor]:
    r"""Return momentum (d components), incompressibility, continuity, each (N, 1).

    Args:
        inputs: Shape (N, d + 1).
        outputs: Columns (rho, m, p), shape (N, d + 2).
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
    """Part vectors (N, k) into k columns (N, 1)."""
    return list(torch.split(vectors, 1, dim=1))
