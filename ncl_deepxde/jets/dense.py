r"""Dense layers on jets, with hand-written backward passes.

A layer :math:`\sigma(h W^T + b)` is one matrix product over all streams, ``affine``,
followed by the chain rule of the activation.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.functional import linear
from torch.overrides import handle_torch_function, has_torch_function

from .activations import Activation
from .jets import StreamTable, compose, compose_adjoint, in_functorch

__all__ = ["affine", "dense"]


def dense(
    h: Tensor, weight: Tensor, bias: Tensor, activation: Activation, space: StreamTable
) -> Tensor:
    r"""Return the streams of :math:`\sigma(h W^T + b)`, shape (S, N, out).

    Args:
        h: Streams, shape (S, N, in).
        weight: Shape (out, in).
        bias: Shape (out,).
        activation: Activation with its derivatives.
        space: Tables of the jets of ``h``.

    Example:
        >>> from ncl_deepxde.jets import activations, jet_space
        >>> space = jet_space(dim=2, order=1)
        >>> h = torch.zeros(len(space), 5, 2)  # the coordinates at five origins
        >>> h[1, :, 0] = h[2, :, 1] = 1.0  # and their derivatives
        >>> W, b = torch.tensor([[2.0, 3.0]]), torch.zeros(1)
        >>> dense(h, W, b, activations.get("tanh"), space)[:, 0, 0]
        tensor([0., 2., 3.])
    """
    if activation.is_trained or in_functorch():
        z = torch.cat([linear(h[:1], weight, bias), linear(h[1:], weight)])
        return _chain_rule(z, activation, space)
    out: Tensor = _Activate.apply(affine(h, weight, bias), activation, space)
    return out


def affine(h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    r"""Return the streams of :math:`h W^T + b`, shape (S, N, out).

    Like a function of torch, it can be overridden: a ``TorchFunctionMode`` sees it.

    Args:
        h: Streams, shape (S, N, in).
        weight: Shape (out, in).
        bias: Shape (out,), a constant: only the value has it.
    """
    arguments = (h, weight, bias)
    if has_torch_function(arguments):
        overridden: Tensor = handle_torch_function(affine, arguments, *arguments)
        return overridden
    out: Tensor = _Affine.apply(*arguments)
    return out


class _Affine(Function):
    """The affine map in one product and no copy."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(h, weight)
        z = torch.matmul(h, weight.T)
        z[0] += bias
        return z

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (g,), (h, weight) = grads, ctx.saved_tensors
        wants_h, wants_weight, wants_bias = ctx.needs_input_grad
        # DeepXDE's mixed precision runs the backward pass inside autocast.
        with torch.autocast(g.device.type, enabled=False):
            return (
                torch.matmul(g, weight) if wants_h else None,
                g.flatten(0, 1).T @ h.flatten(0, 1) if wants_weight else None,
                g[0].sum(0) if wants_bias else None,
            )


class _Activate(Function):
    r"""The streams of :math:`\sigma(z)`, of which only those of z are kept.

    The fast passes work in place, which autograd cannot differentiate; where the
    gradient itself is to be differentiated, or a functorch transform is at work, the
    plain chain rule is evaluated again and autograd does the rest.
    """

    @staticmethod
    def forward(
        ctx: Any, z: Tensor, activation: Activation, space: StreamTable
    ) -> Tensor:
        ctx.save_for_backward(z)
        ctx.activation, ctx.space = activation, space
        out = torch.empty_like(z)
        compose(activation.derivatives(z[0], space.order), z, space, space.order, out)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (g,), (z,) = grads, ctx.saved_tensors
        activation, space = ctx.activation, ctx.space
        if torch.is_grad_enabled() or in_functorch():
            with torch.enable_grad():
                z = z.view_as(z)
                out = _chain_rule(z, activation, space)
                (gz,) = torch.autograd.grad(out, z, g, create_graph=True)
            return gz, None, None
        with torch.autocast(g.device.type, enabled=False):
            derivatives = activation.derivatives(z[0], space.order + 1)
            p = compose(derivatives[1:], z, space, space.order, torch.empty_like(z))
            return compose_adjoint(p, g, space), None, None


def _chain_rule(z: Tensor, activation: Activation, space: StreamTable) -> Tensor:
    """Return the streams of the activation in operations that autograd knows."""
    derivatives = activation.derivatives(z[0], space.order)
    return torch.stack(compose(derivatives, z, space, space.order))
