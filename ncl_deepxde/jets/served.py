r"""Served derivatives: outputs whose input derivatives are already there.

Forward computes a value ``y`` and its Jacobian ``J`` together by jets. ``serve`` ties
them so that ``dde.grad.jacobian(y, x)`` (any ``autograd.grad`` by the inputs) costs a
product :math:`g\,J` instead of a pass through the network, while gradients by the
parameters flow through ``y`` and ``J``. The jets are evaluated at the detached inputs;
differentiating the highest served derivative once more evaluates the network again,
which is right to any order, only slower.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.graph import get_gradient_edge

from .jets import in_functorch

__all__ = ["lazily_differentiated", "rows", "serve"]

Evaluate = Callable[[Tensor, int], list[Tensor]]
State = Callable[[], object]


def serve(
    evaluate: Evaluate, inputs: Tensor, order: int, state: State = tuple
) -> Tensor:
    """Return the value at ``inputs`` with ``order`` derivatives served.

    Args:
        evaluate: Maps inputs (N, dim) and a number k to the value (N, C) and its first
            k derivatives (N, C, dim, ...), differentiable by the inputs and parameters.
        inputs: Shape (N, dim).
        order: Number of derivatives to serve; 0 leaves everything to autograd.
        state: Returns the values that the outputs depend on besides the inputs.
    """
    is_differentiated = torch.is_grad_enabled() and inputs.requires_grad
    if order == 0 or not is_differentiated or in_functorch():
        return evaluate(inputs, 0)[0]
    levels = evaluate(inputs.detach(), order)
    served: Tensor = _Highest.apply(
        inputs, levels[order], lambda x: evaluate(x, order)[order], state
    )
    for level in reversed(levels[:order]):
        served = _Served.apply(inputs, level, served)
    return served


def lazily_differentiated(
    evaluate: Callable[[Tensor], Tensor], inputs: Tensor, state: State
) -> Tensor:
    """Return ``evaluate(inputs)`` at the detached inputs, and again only if needed.

    DeepXDE always marks its inputs as to be differentiated by; a function that is
    cheaper without, and right with, is evaluated with only when a derivative by the
    inputs is asked for.

    Args:
        evaluate: Maps inputs (N, dim) to the value (N, C).
        inputs: Shape (N, dim).
        state: Returns the values that the outputs depend on besides the inputs.
    """
    if not (torch.is_grad_enabled() and inputs.requires_grad) or in_functorch():
        return evaluate(inputs)
    value = evaluate(inputs.detach())
    lazy: Tensor = _Highest.apply(inputs, value, evaluate, state)
    return lazy


def rows(inputs: Tensor, index: Tensor) -> Tensor:
    """Return some rows of the inputs, whose gradient is asked for where theirs is.

    What is served at ``inputs[index]`` cannot know that nobody reads the gradient of
    ``inputs``, and would evaluate the network again for it.

    Args:
        inputs: Shape (N, dim).
        index: Numbers of the rows, each at most once.
    """
    if in_functorch() or not (torch.is_grad_enabled() and inputs.requires_grad):
        return inputs[index]
    chosen: Tensor = _Rows.apply(inputs, index)
    return chosen


class _Rows(Function):
    """Some rows, which ``_asked_for`` looks through."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.number = len(inputs)
        return inputs[index]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (g,), (index,) = grads, ctx.saved_tensors
        return g.new_zeros(ctx.number, g.shape[1]).index_copy(0, index, g), None


class _Served(Function):
    """A value whose derivative by the inputs is a given tensor."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, value: Tensor, derivative: Tensor) -> Tensor:
        ctx.save_for_backward(derivative)
        ctx.set_materialize_grads(False)
        return value.view_as(value)

    @staticmethod
    def backward(
        ctx: Any, *grads: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, None]:
        (g,) = grads
        if g is None:
            return None, None, None
        (derivative,) = ctx.saved_tensors
        gx = (g.unsqueeze(-1) * derivative).sum(dim=list(range(1, g.ndim)))
        return gx, g, None


class _Highest(Function):
    """A value whose derivative by the inputs is computed only when asked for."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        value: Tensor,
        evaluate: Callable[[Tensor], Tensor],
        state: State,
    ) -> Tensor:
        ctx.save_for_backward(inputs)
        ctx.evaluate, ctx.state, ctx.before = evaluate, state, state()
        ctx.set_materialize_grads(False)
        return value.view_as(value)

    @staticmethod
    def backward(
        ctx: Any, *grads: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, None, None]:
        (g,) = grads
        if g is None:
            return None, None, None, None
        (inputs,) = ctx.saved_tensors
        asked = _asked_for(inputs)
        if asked == "no":
            return None, g, None, None
        if asked == "accumulated":
            return torch.full_like(inputs, torch.nan), g, None, None
        if ctx.state() != ctx.before:
            raise RuntimeError(
                "outputs: the parameters have changed since the network was evaluated, "
                "so a further derivative would mix old and new. Differentiate before "
                "the optimizer's step, or evaluate the network again."
            )
        again = torch.is_grad_enabled()
        with torch.enable_grad(), torch.autocast(inputs.device.type, enabled=False):
            value = ctx.evaluate(inputs)
            (gx,) = torch.autograd.grad(value, inputs, g, create_graph=again)
        return gx, g, None, None


def _asked_for(inputs: Tensor) -> str:
    """Tell whether the backward pass at work wants the gradient of the inputs.

    Returns ``"yes"``, ``"no"``, or ``"accumulated"``: a plain ``loss.backward()`` is
    after the parameters but also fills ``inputs.grad``, which nobody reads; a pass
    through the network for it would double the cost of training, so it is marked as
    unknown (NaN). ``torch.autograd.grad(loss, inputs)`` gives the right value.
    """
    node = get_gradient_edge(inputs).node
    while node.name() == "_RowsBackward":
        node = node.next_functions[0][0]
    try:
        is_run = torch._C._will_engine_execute_node(node)
    except RuntimeError:
        return "yes"
    if not is_run:
        return "no"
    is_leaf = node.name() == "torch::autograd::AccumulateGrad"
    plain = is_leaf and not torch.is_anomaly_enabled()
    return "accumulated" if plain else "yes"
