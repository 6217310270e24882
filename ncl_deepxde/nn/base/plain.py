"""Networks that do not say what their outputs mean, seen as flows."""

from __future__ import annotations

import torch
from torch import Tensor

from .checks import check_choice, check_counts
from .contract import OUTPUTS, FlowNet, VelocityNet
from .fixed import uncompiled

__all__ = ["PlainFlow", "as_flow", "output_of"]


def as_flow(
    net: torch.nn.Module, output: str | None = None, *, dim: int | None = None
) -> FlowNet:
    r"""Return a network through the contract of a flow.

    A :class:`FlowNet` is returned as it is. Of any other module (``dde.nn.FNN``, a
    compiled or wrapped network) nobody can tell what the columns hold: the caller must
    say so.

    Args:
        net: A network with the outputs :math:`(\rho, w_1..w_d, \text{extras})` for
            inputs (N, d + 1), time last.
        output: What w is: ``"flux"`` for the momentum :math:`\rho u`, ``"velocity"``
            for u. A ``FlowNet`` knows it and needs none.
        dim: Number of space dimensions d. A ``FlowNet`` knows it and needs none.

    Raises:
        ValueError: The output or the dimension of a plain network is missing, or
            contradicts what a ``FlowNet`` says.

    Example:
        >>> import deepxde as dde
        >>> net = dde.nn.FNN([3, 8, 3], "tanh", "Glorot normal")
        >>> as_flow(net, output="velocity", dim=2).flux(torch.rand(5, 3)).shape
        torch.Size([5, 3])
    """
    net = uncompiled(net)
    kind = output_of(net, output)
    if not isinstance(net, FlowNet):
        return PlainFlow(net, kind, dim)
    if dim is not None and dim != net.dim:
        raise ValueError(
            f"dim: must be {net.dim} or None for this {type(net).__name__}, which "
            f"knows it itself, got {dim!r}. Leave it out."
        )
    return net


def output_of(net: torch.nn.Module, output: str | None = None) -> str:
    """Return the meaning of output columns 1..d, ``"flux"`` or ``"velocity"``.

    Args:
        net: A network.
        output: As for :func:`as_flow`.

    Raises:
        ValueError: It is not known, or contradicts what a ``FlowNet`` says.
    """
    if output is not None:
        check_choice("output", output, OUTPUTS)
    net = uncompiled(net)
    name = type(net).__name__
    if isinstance(net, FlowNet):
        if output not in (None, net.output):
            raise ValueError(
                f"output: must be {net.output!r} or None for this {name}, which says "
                f"so itself, got {output!r}. Leave it out."
            )
        return net.output
    if isinstance(net, VelocityNet):
        raise ValueError(
            f"net: must have a density, got a {name}, whose outputs begin with the "
            "velocity. Use its method velocity, or an nn.CurlNet, which adds a density."
        )
    if output is None:
        raise ValueError(
            "output: must be 'flux' or 'velocity' for a network that is no nn.FlowNet, "
            f"got None for a {name}. Say what its columns 1..d hold: 'flux' for the "
            "momentum, 'velocity' for the velocity."
        )
    return output


class PlainFlow(FlowNet, torch.nn.Module):
    r"""A plain network as a flow; no law holds by construction.

    Args:
        net: Maps inputs (N, d + 1) to :math:`(\rho, w_1..w_d, \text{extras})`.
        output: ``"flux"`` where w is the momentum, ``"velocity"`` where it is u.
        dim: Number of space dimensions d.

    Raises:
        ValueError: The dimension is no positive integer.
    """

    def __init__(self, net: torch.nn.Module, output: str, dim: int | None) -> None:
        super().__init__()
        if not isinstance(net, torch.nn.Module):
            raise ValueError(
                f"net: must be a network, a torch.nn.Module, got {net!r}. Pass an "
                "instance."
            )
        if dim is None:
            raise ValueError(
                "dim: must be the number of space dimensions for a network that is no "
                f"nn.FlowNet, got None for a {type(net).__name__}. Pass dim=2 for "
                "inputs (x, y, t)."
            )
        check_counts(dim=(dim, 1))
        self.net, self.output, self.dim = net, output, dim

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs of the network, (N, C), for inputs (N, d + 1)."""
        outputs: Tensor = self.net(inputs)
        return outputs

    def flux(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        rho, w = self._columns(inputs)
        return torch.cat([rho, w if self.output == "flux" else rho * w], dim=1)

    def density(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self._columns(inputs)[0]

    def velocity(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        rho, w = self._columns(inputs)
        return w if self.output == "velocity" else w / rho

    def _columns(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        outputs, d = self(inputs), self.dim
        if outputs.ndim != 2 or outputs.shape[1] <= d:
            raise ValueError(
                f"net: must have the outputs (rho, w_1..w_{d}), the shape (N, {d + 1}) "
                f"or more, got {tuple(outputs.shape)}. End its layer_sizes with "
                f"{d + 1} or more."
            )
        return outputs[:, :1], outputs[:, 1 : d + 1]
