"""The Jacobian from one backward pass per residual function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from .alignment import Alignment, probes, signature
from .blocks import BiasBlock, DenseBlock, JacobianBlock, WeightBlock
from .capture import LayerCapture, Use
from .jacobian import Jacobian

__all__ = ["columns", "layer_jacobian"]

# A parameter outside linear layers costs one short backward pass per entry.
MOST_COLUMNS = 256


def layer_jacobian(
    evaluate: Callable[[], Sequence[Tensor]],
    parameters: Mapping[str, Tensor],
    alignment: Alignment | None = None,
) -> Jacobian:
    """Return the Jacobian from layer inputs and output gradients.

    Args:
        evaluate: Returns the residuals at the points of this step, each (N,).
        parameters: All trainable parameters by name.
        alignment: What earlier steps found of the rows of each residual.

    Raises:
        ValueError: A large parameter is used outside linear layers.
        DependentPointsError: A residual at one point depends on other points.
    """
    alignment = alignment or Alignment()
    capture = LayerCapture(parameters.values())
    tensors = list(parameters.values())
    values: list[Tensor] = []
    blocks: dict[str, list[JacobianBlock]] = {name: [] for name in parameters}
    with capture:
        residuals = evaluate()
        alignment.start(residuals)
        for number, r in enumerate(residuals):
            uses, grads = _backward(capture, r, tensors, torch.ones_like(r))
            _align(alignment, number, uses, capture, r, tensors)
            for (name, p), grad in zip(parameters.items(), grads, strict=True):
                rest = None if grad is None else columns(r, name, p)
                aligned = [
                    _aligned(alignment, number, *use) for use in uses.get(id(p), [])
                ]
                blocks[name].append(_block(aligned, rest, r, p))
            values.append(r.detach())
    return Jacobian.of(values, blocks.values())


def _backward(
    capture: LayerCapture,
    r: Tensor,
    parameters: Sequence[Tensor],
    cotangent: Tensor,
) -> tuple[dict[int, list[Use]], Sequence[Tensor | None]]:
    """Return the uses of layers, and the gradients of what is used elsewhere."""
    with capture.recording() as uses:
        grads = torch.autograd.grad(
            r, parameters, cotangent, retain_graph=True, allow_unused=True
        )
    return uses, grads


def _align(
    alignment: Alignment,
    number: int,
    uses: dict[int, list[Use]],
    capture: LayerCapture,
    r: Tensor,
    parameters: Sequence[Tensor],
) -> None:
    """Find the rows of a residual, unless they are known, by two more passes."""
    if alignment.knows(number, [g.shape[-2] for _, g in _all(uses)]):
        return
    seen = [[signature(h, g) for h, g in _all(uses)]]
    _, *cotangents = probes(r)
    for cotangent in cotangents:
        others, _ = _backward(capture, r, parameters, cotangent)
        seen.append([signature(h, g) for h, g in _all(others)])
    alignment.learn(number, seen, torch.finfo(r.dtype).eps)


def _all(uses: dict[int, list[Use]]) -> list[Use]:
    return [use for found in uses.values() for use in found]


def _aligned(alignment: Alignment, number: int, h: Tensor | None, g: Tensor) -> Use:
    """Pick the rows of a use, residual by residual: (S, n, in) and (S, n, out)."""
    rows = alignment.rows(number, g.shape[-2])
    return None if h is None else rows.inputs(h), rows.gradients(g)


def _block(uses: list[Use], rest: Tensor | None, r: Tensor, p: Tensor) -> JacobianBlock:
    """Join the uses of a parameter in linear layers with its columns elsewhere."""
    if rest is not None or not uses:
        matrix = r.new_zeros(len(r), p.numel()) if rest is None else rest
        if uses:
            matrix = matrix + _block(uses, None, r, p).rows()
        return DenseBlock(matrix.detach(), p.shape)
    g = torch.cat([g for _, g in uses])
    inputs = [h for h, _ in uses if h is not None]
    return WeightBlock(torch.cat(inputs), g) if inputs else BiasBlock(g.sum(0))


def columns(r: Tensor, name: str, parameter: Tensor) -> Tensor:
    r"""Return :math:`\partial r/\partial\theta`, (N, P), one entry at a time.

    The gradient :math:`J^T v` is linear in :math:`v`; differentiating its entries by
    :math:`v` gives the columns.
    """
    if parameter.numel() > MOST_COLUMNS:
        raise ValueError(
            f"GaussNewton: the parameter {name!r} with {parameter.numel()} entries is "
            "used outside torch.nn.functional.linear, which the path by layers takes "
            f"for at most {MOST_COLUMNS} entries. Call the layer as a module or by "
            "torch.nn.functional.linear; for derivatives of a network of this library, "
            "build it with served=2; otherwise pass path='samples'."
        )
    v = torch.ones_like(r, requires_grad=True)
    (grad,) = torch.autograd.grad((r * v).sum(), parameter, create_graph=True)
    found = [
        torch.autograd.grad(entry, v, retain_graph=True)[0] for entry in grad.flatten()
    ]
    return torch.stack(found, dim=1)
