"""Initial weights of the networks."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

import torch

__all__ = ["initializer", "scaled"]

Net = TypeVar("Net", bound=torch.nn.Module)

# DeepXDE has no such initializer for PyTorch: variance 1 / fan-in, as in the paper.
INITIALIZERS = {
    "LeCun normal": partial(torch.nn.init.kaiming_normal_, nonlinearity="linear")
}


def initializer(name: str) -> Any:
    """Return the initializer of a name: a function, or a name that DeepXDE knows."""
    return INITIALIZERS.get(name, name)


def scaled(net: Net, factor: float) -> Net:
    """Scale the initial weights of a network, as the paper does."""
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(factor)
    return net
