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
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.graph import get_gradient_edge
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils.weak import WeakTensorKeyDictionary

from .jets import in_functorch

__all__ = [
    "Demand",
    "as_it_is",
    "lazily_differentiated",
    "rows",
    "serve",
    "serve_demand",
    "served_laplacian",
]

State = Callable[[], object]
Given = ParamSpec("Given")
Value = TypeVar("Value")


def as_it_is(
    function: Callable[Given, Value],
) -> Callable[Given, Value]:
    """Return a function that ``torch.compile`` calls and does not compile.

    A compiled backward pass is not differentiated again: where derivatives are served
    that would be in silence, and gradients by the weights would vanish.
    """
    taken: Callable[Given, Value] = torch.compiler.disable(function)  # type: ignore[no-untyped-call]
    return taken


@dataclass(frozen=True)
class Demand:
    """What comes with the value of a function.

    Attributes:
        order: Number of derivatives.
        axes: Variables of a Laplacian that comes too, increasing; empty for none.
    """

    order: int
    axes: tuple[int, ...] = ()


Evaluate = Callable[[Tensor, Demand], list[Tensor]]
Rise = Callable[[Demand], bool]


def serve(
    evaluate: Callable[[Tensor, int], list[Tensor]],
    inputs: Tensor,
    order: int,
    state: State = tuple,
) -> Tensor:
    """Return the value at ``inputs`` with ``order`` derivatives served.

    Args:
        evaluate: Maps inputs (N, dim) and a number k to the value (N, C) and its first
            k derivatives (N, C, dim, ...), differentiable by the inputs and parameters.
        inputs: Shape (N, dim).
        order: Number of derivatives to serve; 0 leaves everything to autograd.
        state: Returns the values that the outputs depend on besides the inputs.
    """

    def levels(x: Tensor, demand: Demand) -> list[Tensor]:
        return evaluate(x, demand.order)

    return serve_demand(levels, inputs, Demand(order), state)


@as_it_is
def serve_demand(
    evaluate: Evaluate,
    inputs: Tensor,
    demand: Demand,
    state: State,
    rise: Rise | None = None,
) -> Tensor:
    """Return the value at ``inputs`` with what a demand names served.

    Where more is asked for than is served, the function is evaluated once more, by jets
    if it offers that and by autograd otherwise.

    Args:
        evaluate: Maps inputs (N, dim) and a demand to the value (N, C), its derivatives
            (N, C, dim, ...) and, where there are axes, its Laplacian (N, C).
        inputs: Shape (N, dim).
        demand: What is served; order 0 leaves everything to autograd.
        state: Returns the values that the outputs depend on besides the inputs.
        rise: Told of a demand that is not served; returns whether ``evaluate`` offers
            it. From then on the caller should serve it.
    """
    is_differentiated = torch.is_grad_enabled() and inputs.requires_grad
    if demand.order == 0 or not is_differentiated or in_functorch():
        return evaluate(inputs, Demand(0))[0]
    source = _Origin(evaluate, state)
    more = None if rise is None else _More(source, inputs, demand, rise)
    levels = evaluate(inputs.detach(), demand)
    served = source.lazy(inputs, levels[demand.order], Demand(demand.order), more)
    for level in reversed(levels[: demand.order]):
        served = _Served.apply(inputs, level, served)
    if more is not None:
        if demand.axes:
            more.found[demand] = source.lazy(inputs, levels[-1], demand)
        _SERVED[served] = more
    return served


def served_laplacian(
    outputs: Tensor, inputs: Tensor, axes: tuple[int, ...]
) -> Tensor | None:
    r"""Return :math:`\Delta y`, (N, C), if it comes cheaper than by ``dde.grad``.

    Args:
        outputs: Shape (N, C).
        inputs: Shape (N, dim), the very tensor the outputs were computed from.
        axes: Variables of the Laplacian, increasing.

    Returns:
        The Laplacian, or ``None`` where nobody serves it.
    """
    if in_functorch() or outputs not in _SERVED:
        return None
    more: _More = _SERVED[outputs]
    return more.laplacian(axes) if more.inputs is inputs else None


@as_it_is
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

    def levels(x: Tensor, demand: Demand) -> list[Tensor]:
        return [evaluate(x)]

    source, value = _Origin(levels, state), evaluate(inputs.detach())
    return source.lazy(inputs, value, Demand(0))


class _Origin:
    """How outputs were computed, to be able to do it again.

    Args:
        evaluate: As for ``serve_demand``.
        state: As for ``serve_demand``.
    """

    def __init__(self, evaluate: Evaluate, state: State) -> None:
        self._evaluate, self._state, self._before = evaluate, state, state()
        # ``torch.autograd.grad`` takes the modes off; who watches layers must see all.
        self._modes = _active_modes()

    def lazy(
        self, inputs: Tensor, value: Tensor, demand: Demand, more: _More | None = None
    ) -> Tensor:
        """Return the last level of a demand, differentiated only when asked for."""
        out: Tensor = _Highest.apply(inputs, value, self, demand, more)
        return out

    def last(self, inputs: Tensor, demand: Demand) -> Tensor:
        """Evaluate the last level of a demand again.

        Raises:
            RuntimeError: The parameters have changed.
        """
        if self._state() != self._before:
            raise RuntimeError(
                "outputs: the parameters have changed since the network was evaluated, "
                "so a further derivative would mix old and new. Differentiate before "
                "the optimizer's step, or evaluate the network again."
            )
        no_autocast = torch.autocast(inputs.device.type, enabled=False)
        with torch.enable_grad(), no_autocast, ExitStack() as modes:
            for mode in self._modes[len(_active_modes()) :]:
                modes.enter_context(mode)
            return self._evaluate(inputs, demand)[-1]


def _active_modes() -> list[TorchFunctionMode]:
    modes: list[TorchFunctionMode] = _get_current_function_mode_stack()  # type: ignore[no-untyped-call]
    return modes


class _More:
    """What is asked of outputs beyond what is served, evaluated once.

    Args:
        source: How the outputs were computed.
        inputs: Where, shape (N, dim).
        demand: What is served.
        rise: As for ``serve_demand``.
    """

    def __init__(
        self, source: _Origin, inputs: Tensor, demand: Demand, rise: Rise
    ) -> None:
        self.inputs, self.found = inputs, dict[Demand, Tensor]()
        self._source, self._demand, self._rise = source, demand, rise

    def laplacian(self, axes: tuple[int, ...]) -> Tensor | None:
        """Return the Laplacian, unless second derivatives are served or must be."""
        return self.level(Demand(1, axes)) if self._demand.order == 1 else None

    def level(self, demand: Demand) -> Tensor | None:
        """Return the last level of a demand, if the function offers it."""
        if demand not in self.found:
            if not self._rise(demand):
                return None
            with torch.enable_grad():
                value = self._source.last(self.inputs.detach(), demand)
                self.found[demand] = self._source.lazy(self.inputs, value, demand)
        return self.found[demand]


@as_it_is
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
        return _contracted(g, derivative), g, None


class _Highest(Function):
    """A value whose derivative by the inputs is computed only when asked for."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        value: Tensor,
        source: _Origin,
        demand: Demand,
        more: _More | None,
    ) -> Tensor:
        ctx.save_for_backward(inputs)
        ctx.source, ctx.demand, ctx.more = source, demand, more
        ctx.set_materialize_grads(False)
        return value.view_as(value)

    @staticmethod
    def backward(
        ctx: Any, *grads: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        (g,) = grads
        if g is None:
            return None, None, None, None, None
        (inputs,) = ctx.saved_tensors
        asked = _asked_for(inputs)
        if asked == "no":
            return None, g, None, None, None
        if asked == "accumulated":
            return torch.full_like(inputs, torch.nan), g, None, None, None
        again = torch.is_grad_enabled()
        if again and ctx.more is not None:
            derivative = ctx.more.level(Demand(ctx.demand.order + 1))
            if derivative is not None:
                return _contracted(g, derivative), g, None, None, None
        value = ctx.source.last(inputs, ctx.demand)
        with torch.enable_grad(), torch.autocast(inputs.device.type, enabled=False):
            (gx,) = torch.autograd.grad(value, inputs, g, create_graph=again)
        return gx, g, None, None, None


def _contracted(g: Tensor, derivative: Tensor) -> Tensor:
    """Return the gradient of the inputs, (N, dim), from that of the value."""
    return (g.unsqueeze(-1) * derivative).sum(dim=list(range(1, g.ndim)))


def _asked_for(inputs: Tensor) -> str:
    """Tell whether the backward pass at work wants the gradient of the inputs.

    Returns ``"yes"``, ``"no"``, or ``"accumulated"``: a plain ``loss.backward()`` is
    after the parameters but also fills ``inputs.grad``, which nobody reads; a pass
    through the network for it would double the cost of training, so it is marked as
    unknown (NaN). ``torch.autograd.grad(loss, inputs)`` gives the right value.
    """
    node: Any = get_gradient_edge(inputs).node
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


_SERVED = WeakTensorKeyDictionary()
"""Outputs whose network may serve more than it did."""
