r"""Layer inputs and output gradients, from which per-point gradients follow.

Every product :math:`z_{sn} = W h_{sn}` of stream :math:`s` and point :math:`n` adds

.. math:: \frac{\partial r_n}{\partial W} = \sum_s g_{sn} h_{sn}^T, \qquad
    g_{sn} = \frac{\partial r_n}{\partial z_{sn}},

so one backward pass through :math:`\sum_n r_n` holds the gradients of all points, as
long as no point's residual depends on another point. A derivative by the inputs that
autograd computed contains products :math:`W^T g`; these are uses of the layer like any
other.

Source: F. Dangel et al., Kronecker-Factored Approximate Curvature for Physics-Informed
Neural Networks (NeurIPS 2024), section 3, https://arxiv.org/abs/2405.15603.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.overrides import TorchFunctionMode

from ...jets.jets import Sink, in_functorch, layer_gradients

__all__ = ["LayerCapture", "Use"]

Use = tuple[Tensor | None, Tensor]
Uses = dict[int, list[Use]]


class LayerCapture(TorchFunctionMode):
    """While active, linear layers report how they are used instead of summing.

    Args:
        parameters: The parameters to watch.
    """

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        super().__init__()
        self._watched = {id(p) for p in parameters}
        self._uses: Uses | None = None
        self._jet_uses: Uses = {}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Replace ``torch.nn.functional.linear`` by a layer that reports."""
        if func is not torch.nn.functional.linear or in_functorch():
            return func(*args, **(kwargs or {}))
        return self._linear(*args, **(kwargs or {}))

    def _linear(self, input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Any:
        if id(weight) not in self._watched:
            plain = input @ weight.T
            return plain if bias is None else plain + bias
        product = _Product.apply(input, weight, self._report)
        return product if bias is None else _Shift.apply(product, bias, self._report)

    def _report(self, parameter: Tensor, h: Tensor | None, g: Tensor) -> None:
        if self._uses is not None:
            self._uses.setdefault(id(parameter), []).append((h, g))

    def _report_jet(self, parameter: Tensor, h: Tensor | None, g: Tensor) -> None:
        self._jet_uses.setdefault(id(parameter), []).append((h, g))

    @contextmanager
    def recording(self) -> Iterator[tuple[Uses, Uses]]:
        """Collect the uses ``(h, g)`` by the ``id`` of the parameter.

        Backward passes inside report ``h`` (..., N, in) and ``g`` (..., N, out) of
        weights, ``None`` and ``g`` of biases: first those in linear layers, then those
        in dense layers on jets.
        """
        self._uses, self._jet_uses = {}, {}
        try:
            with layer_gradients(self._report_jet):
                yield self._uses, self._jet_uses
        finally:
            self._uses = None


class _Product(Function):
    """The product h W^T."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, weight: Tensor, report: Sink) -> Tensor:
        ctx.save_for_backward(h, weight)
        ctx.report = report
        return h @ weight.T

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (g,), (h, weight) = grads, ctx.saved_tensors
        if torch.is_grad_enabled():
            return _Adjoint.apply(g, weight, ctx.report), None, None
        ctx.report(weight, h, g)
        return g @ weight, None, None


class _Adjoint(Function):
    """The product g W of a backward pass that is itself differentiated."""

    @staticmethod
    def forward(ctx: Any, g: Tensor, weight: Tensor, report: Sink) -> Tensor:
        ctx.save_for_backward(g, weight)
        ctx.report = report
        return g @ weight

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (h,), (g, weight) = grads, ctx.saved_tensors
        if torch.is_grad_enabled():
            return _Product.apply(h, weight, ctx.report), None, None
        ctx.report(weight, h, g)
        return h @ weight.T, None, None


class _Shift(Function):
    """The sum z + b."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, bias: Tensor, report: Sink) -> Tensor:
        ctx.save_for_backward(bias)
        ctx.report = report
        return z + bias

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (g,), (bias,) = grads, ctx.saved_tensors
        if not torch.is_grad_enabled():
            ctx.report(bias, None, g)
        return g, None, None
