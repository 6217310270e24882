"""Values whose derivatives cannot be differentiated again, and say so."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.autograd import Function

__all__ = ["differentiable_once"]


def differentiable_once(x: Tensor, message: str) -> Tensor:
    """Return a copy of ``x`` whose gradient refuses to be differentiated.

    A gradient that is computed outside autograd lacks the graph of its derivatives;
    autograd would leave them out in silence.

    Args:
        x: Any shape.
        message: What the ``RuntimeError`` of a second derivative says.

    Example:
        >>> import torch
        >>> import torch
        >>> x = torch.ones(1, requires_grad=True)
        >>> y = differentiable_once(x, "once only") ** 2
        >>> (slope,) = torch.autograd.grad(y, x, create_graph=True)
        >>> torch.autograd.grad(slope, x)
        Traceback (most recent call last):
        RuntimeError: once only
    """
    out: Tensor = _Once.apply(x, message)
    return out


class _Once(Function):
    """The identity, whose gradient depends on the argument by ``_Refused``."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, message: str) -> Tensor:
        return x.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, str], output: Tensor) -> None:
        x, ctx.message = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (g,), (x,) = grads, ctx.saved_tensors
        return _Refused.apply(g, x, ctx.message), None


class _Refused(Function):
    """A gradient ``g`` together with the point ``x`` where it was taken."""

    generate_vmap_rule = True

    @staticmethod
    def forward(g: Tensor, x: Tensor, message: str) -> Tensor:
        return g.clone()

    @staticmethod
    def setup_context(
        ctx: Any, inputs: tuple[Tensor, Tensor, str], output: Tensor
    ) -> None:
        ctx.message = inputs[2]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        raise RuntimeError(ctx.message)
