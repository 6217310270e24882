r"""Activations with all their derivatives, :math:`\sigma, \sigma', \sigma'', \ldots`.

The derivatives of order :math:`n + 1` follow from the lower ones by the differential
equation that each activation satisfies, so any order is available.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from math import comb

import deepxde as dde
import torch
from torch import Tensor

from .pointwise import check_torch

__all__ = ["NAMES", "Activation", "get"]

Derivatives = Callable[[Tensor, int], list[Tensor]]


class Activation:
    """A smooth elementwise function together with its derivatives.

    Args:
        name: Name of the function, for error messages.
        derivatives: Maps ``(z, order)`` to the list of the derivatives from 0 to
            ``order``, each shaped as ``z``.
        module: The function itself where it has parameters to train.
        is_trained: Whether it holds something to train, in a module or not: then only
            autograd differentiates it right.
    """

    def __init__(
        self,
        name: str,
        derivatives: Derivatives,
        module: torch.nn.Module | None = None,
        *,
        is_trained: bool = False,
    ) -> None:
        self.name, self.derivatives, self.module = name, derivatives, module
        self.is_trained = is_trained or module is not None

    def __repr__(self) -> str:
        return f"Activation({self.name})"


def _squares(y: list[Tensor]) -> Tensor:
    r"""Return :math:`(y^2)^{(n)} = \sum_k \binom{n}{k} y^{(k)} y^{(n-k)}`."""
    n = len(y) - 1
    total = y[0] * y[n] * (2 if n else 1)
    for k in range(1, (n + 1) // 2):
        total = torch.addcmul(total, y[k], y[n - k], value=2 * comb(n, k))
    if n and n % 2 == 0:
        total = torch.addcmul(total, y[n // 2], y[n // 2], value=comb(n, n // 2))
    return total


def _tanh(z: Tensor, order: int) -> list[Tensor]:
    """y' = 1 - y^2."""
    y = [torch.tanh(z)]
    for n in range(order):
        square = _squares(y)
        y.append(1 - square if n == 0 else -square)
    return y


def _sigmoid(z: Tensor, order: int) -> list[Tensor]:
    """y' = y - y^2."""
    y = [torch.sigmoid(z)]
    for _ in range(order):
        y.append(y[-1] - _squares(y))
    return y


def _sin(z: Tensor, order: int) -> list[Tensor]:
    """y'' = -y."""
    y = [torch.sin(z), torch.cos(z)][: order + 1]
    while len(y) <= order:
        y.append(-y[-2])
    return y


def _softplus(z: Tensor, order: int) -> list[Tensor]:
    """Y' = sigmoid."""
    value = torch.nn.functional.softplus(z, threshold=40.0)
    return [value, *(_sigmoid(z, order - 1) if order else [])]


def _normal_cdf(z: Tensor, order: int) -> list[Tensor]:
    """Y'' = -z y', so y^(n+2) = -z y^(n+1) - n y^(n)."""
    y = [torch.special.ndtr(z)]
    if order:
        y.append(torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi))
    for n in range(order - 1):
        y.append(-z * y[-1] - (n * y[-2] if n else 0))
    return y


def _times_z(base: Derivatives, z: Tensor, order: int) -> list[Tensor]:
    """(z y)^(n) = z y^(n) + n y^(n-1)."""
    y = base(z, order)
    return [z * y[0], *(z * y[n] + n * y[n - 1] for n in range(1, order + 1))]


_CLOSED_FORMS: dict[str, Derivatives] = {
    "gelu": partial(_times_z, _normal_cdf),
    "sigmoid": _sigmoid,
    "silu": partial(_times_z, _sigmoid),
    "sin": _sin,
    "softplus": _softplus,
    "swish": partial(_times_z, _sigmoid),
    "tanh": _tanh,
}
NAMES = tuple(_CLOSED_FORMS)


def _nested(
    function: Callable[[Tensor], Tensor], z: Tensor, order: int
) -> list[Tensor]:
    """Differentiate any smooth elementwise function by nested reverse mode."""
    found, f = [function(z)], function
    for _ in range(order):
        f = _derivative(f)
        found.append(f(z))
    return found


def _derivative(f: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    derivative: Callable[[Tensor], Tensor] = torch.func.grad(lambda z: f(z).sum())
    return derivative


def get(identifier: str | Callable[[Tensor], Tensor]) -> Activation:
    """Return the activation with its derivatives.

    Args:
        identifier: A name in ``NAMES``, DeepXDE's ``"LAAF-n name"``, or a smooth
            elementwise function in torch operations.

    Raises:
        ValueError: The activation is unknown or its second derivative is not
            continuous, as for ReLU: the residuals differentiate the flux, which is
            itself a derivative.

    Example:
        >>> sine = get("sin")
        >>> [float(d) for d in sine.derivatives(torch.zeros(()), 3)]
        [0.0, 1.0, -0.0, -1.0]
    """
    key = identifier.lower() if isinstance(identifier, str) else None
    if key in _CLOSED_FORMS:
        return Activation(key, _CLOSED_FORMS[key])
    try:
        function = dde.nn.activations.get(identifier)
    except (KeyError, TypeError, ValueError, IndexError):
        raise ValueError(
            f"activation: must be one of {', '.join(NAMES)}, 'LAAF-n name' or a "
            f"smooth function, got {identifier!r}. Use for example 'tanh'."
        ) from None
    derivatives = partial(_nested, function)
    values = _checked_values(function, identifier)
    _check_smooth(derivatives, identifier)
    module = function if isinstance(function, torch.nn.Module) else None
    is_trained = values.requires_grad
    return Activation(str(identifier), derivatives, module, is_trained=is_trained)


def _checked_values(
    function: Callable[[Tensor], Tensor], identifier: str | Callable[[Tensor], Tensor]
) -> Tensor:
    """Return some values of a function, which each number must have by itself."""
    z = torch.tensor([[-1.5, 0.3, 1.0]], dtype=dde.config.real(torch))
    check_torch("activation", function, z)
    try:
        values = function(z)
        others = [function(z.T).T, torch.cat([function(one) for one in z.T.unbind(0)])]
    except Exception as error:
        raise ValueError(
            "activation: must be an elementwise function of any tensor in torch "
            f"operations, got {identifier!r}, which fails: {error}. Use for example "
            "'tanh'."
        ) from error
    limit = torch.finfo(z.dtype).eps ** 0.5 * values.abs().max()
    if not all(bool(((v - values).abs() <= limit).all()) for v in others):
        raise ValueError(
            "activation: must be an elementwise function, got one whose values depend "
            f"on the other numbers, {identifier!r}. Use for example 'tanh'."
        )
    return values


def _check_smooth(
    derivatives: Derivatives, identifier: str | Callable[[Tensor], Tensor]
) -> None:
    """Refuse kinks at zero and functions that are linear piece by piece."""
    z = torch.tensor(
        [-1e-3, -1e-5, 1e-5, 1e-3, 1.5, -1.5], dtype=dde.config.real(torch)
    )
    with torch.no_grad():
        slopes = torch.stack(derivatives(z, 2)[1:])
    is_linear = bool((slopes[1] == 0).all())
    wide, narrow = (
        float((slopes[:, 3 - i] - slopes[:, i]).abs().max()) for i in (0, 1)
    )
    # A hundredth of the distance shrinks the difference, unless there is a jump.
    if is_linear or narrow > max(1e-3, 0.5 * wide):
        raise ValueError(
            "activation: must be twice continuously differentiable, because the flux "
            f"is a derivative of the network, got {identifier!r}. Use for example "
            "'tanh', 'sin' or 'silu'."
        )
