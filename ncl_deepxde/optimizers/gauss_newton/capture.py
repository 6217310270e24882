r"""Layer inputs and output gradients, from which per-point gradients follow.

Every product :math:`z_{sn} = W h_{sn}` of stream :math:`s` and point :math:`n` adds

.. math:: \frac{\partial r_n}{\partial W} = \sum_s g_{sn} h_{sn}^T, \qquad
    g_{sn} = \frac{\partial r_n}{\partial z_{sn}},

so one backward pass through :math:`\sum_n r_n` holds the gradients of all points, as
long as no point's residual depends on another point. A derivative by the inputs that
autograd computed contains products :math:`W^T g`; these are uses of the layer like any
other.

References:
    F. Dangel, J. Mueller, M. Zeinhofer, Kronecker-Factored Approximate Curvature for
    Physics-Informed Neural Networks (NeurIPS 2024), section 3,
    https://arxiv.org/abs/2405.15603.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.overrides import TorchFunctionMode

from ...jets.dense import affine
from ...jets.jets import in_functorch

__all__ = ["LayerCapture", "Use"]

Use = tuple[Tensor | None, Tensor]
Uses = dict[int, list[Use]]
Report = Callable[[Tensor, Tensor | None, Tensor], None]

PRODUCTS = (
    torch.matmul,
    torch.mm,
    torch.Tensor.matmul,
    torch.Tensor.mm,
    torch.Tensor.__matmul__,
)


class LayerCapture(TorchFunctionMode):
    """While active, linear layers report how they are used instead of summing.

    These are ``torch.nn.functional.linear``, on jets ``affine``, and products ``h @ B``
    of two factors with a parameter B that is no layer's, such as trained frequencies.

    Args:
        parameters: The parameters to watch.
    """

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        super().__init__()
        self._watched = {id(p) for p in parameters}
        self._uses: Uses | None = None

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Replace linear layers by those that report."""
        if func is torch.nn.functional.linear and not in_functorch():
            func = self._linear
        elif func is affine:
            func = self._affine
        elif func in PRODUCTS and self._is_layer(*args):
            func = self._matmul
        return func(*args, **(kwargs or {}))

    def _linear(
        self, input: Tensor, weight: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        if id(weight) not in self._watched:
            plain = input @ weight.T
            return plain if bias is None else plain + bias
        z: Tensor = _Product.apply(input, weight, self._report)
        return z if bias is None else _Shift.apply(z, bias, self._report)

    def _affine(self, h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        if id(weight) not in self._watched:
            return affine(h, weight, bias)
        z: Tensor = _Product.apply(h, weight, self._report)
        shifted: Tensor = _ShiftOfValue.apply(z, bias, self._report)
        return shifted

    def _is_layer(self, *factors: Any) -> bool:
        """Tell whether points are multiplied with a matrix that is trained."""
        if len(factors) != 2 or in_functorch():
            return False
        h, B = factors
        is_trained = id(B) in self._watched and B.ndim == 2
        return is_trained and h.ndim > 1 and id(h) not in self._watched

    def _matmul(self, h: Tensor, B: Tensor) -> Tensor:
        # The derivative by B is the sum of h g^T: inputs and gradients change places.
        def report(_: Tensor, h: Tensor | None, g: Tensor) -> None:
            if h is not None:
                self._report(B, g, h)

        z: Tensor = _Product.apply(h, B.T, report)
        return z

    def _report(self, parameter: Tensor, h: Tensor | None, g: Tensor) -> None:
        if self._uses is not None:
            self._uses.setdefault(id(parameter), []).append((h, g))

    @contextmanager
    def recording(self) -> Iterator[Uses]:
        """Collect the uses ``(h, g)`` by the ``id`` of the parameter.

        Backward passes inside report ``h`` (..., N, in) and ``g`` (..., N, out) of
        weights, ``None`` and ``g`` of biases.
        """
        self._uses = {}
        try:
            yield self._uses
        finally:
            self._uses = None


class _Product(Function):
    """The product h W^T."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, weight: Tensor, report: Report) -> Tensor:
        ctx.save_for_backward(h, weight)
        ctx.report = report
        return h @ weight.T

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, None, None]:
        (g,), (h, weight) = grads, ctx.saved_tensors
        if torch.is_grad_enabled():
            return _Adjoint.apply(g, weight, ctx.report), None, None
        ctx.report(weight, h, g)
        return g @ weight if ctx.needs_input_grad[0] else None, None, None


class _Adjoint(Function):
    """The product g W of a backward pass that is itself differentiated."""

    @staticmethod
    def forward(ctx: Any, g: Tensor, weight: Tensor, report: Report) -> Tensor:
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
    def forward(ctx: Any, z: Tensor, bias: Tensor, report: Report) -> Tensor:
        ctx.save_for_backward(bias)
        ctx.report = report
        return z + bias

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (g,), (bias,) = grads, ctx.saved_tensors
        if not torch.is_grad_enabled():
            ctx.report(bias, None, g)
        return g, None, None


class _ShiftOfValue(Function):
    """The sum z + b of streams, where only the first has the constant b, in place."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, bias: Tensor, report: Report) -> Tensor:
        ctx.save_for_backward(bias)
        ctx.report = report
        ctx.mark_dirty(z)
        z[0] += bias
        return z

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (g,), (bias,) = grads, ctx.saved_tensors
        if not torch.is_grad_enabled():
            ctx.report(bias, None, g[0])
        return g, None, None
