"""The Jacobian from one backward pass per residual function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from .blocks import BiasBlock, DenseBlock, JacobianBlock, WeightBlock
from .capture import LayerCapture, Use
from .jacobian import Jacobian

__all__ = ["layer_jacobian"]

# A parameter outside linear layers costs one short backward pass per entry.
MOST_COLUMNS = 256


def layer_jacobian(
    evaluate: Callable[[], Sequence[Tensor]], parameters: Mapping[str, Tensor]
) -> Jacobian:
    """Return the Jacobian from layer inputs and output gradients.

    Args:
        evaluate: Returns the residuals at the points of this step, each (N,).
        parameters: All trainable parameters of the network by name.

    Raises:
        ValueError: A large parameter is used outside linear layers.
    """
    capture = LayerCapture(parameters.values())
    values: list[Tensor] = []
    blocks: dict[str, list[JacobianBlock]] = {name: [] for name in parameters}
    with capture:
        for r in evaluate():
            with capture.recording() as uses:
                grads = torch.autograd.grad(
                    r.sum(),
                    list(parameters.values()),
                    retain_graph=True,
                    allow_unused=True,
                )
            for (name, p), grad in zip(parameters.items(), grads, strict=True):
                rest = None if grad is None else _columns(r, name, p)
                blocks[name].append(_block(uses.get(id(p), []), rest, r, p))
            values.append(r.detach())
    return Jacobian.of(values, blocks.values())


def _block(uses: list[Use], rest: Tensor | None, r: Tensor, p: Tensor) -> JacobianBlock:
    """Join the uses of a parameter in linear layers with its columns elsewhere."""
    if rest is not None or not uses:
        matrix = r.new_zeros(len(r), p.numel()) if rest is None else rest
        if uses:
            matrix = matrix + _block(uses, None, r, p).rows()
        return DenseBlock(matrix.detach(), p.shape)
    for _, g in uses:
        if g.shape[-2] != len(r):
            raise ValueError(
                "GaussNewton: a linear layer must see the points on the axis before "
                f"the last, {len(r)} of them, got a gradient of shape "
                f"{tuple(g.shape)}. Pass path='samples'."
            )
    g = torch.cat([g.reshape(-1, *g.shape[-2:]) for _, g in uses])
    inputs = [h.reshape(-1, *h.shape[-2:]) for h, _ in uses if h is not None]
    return WeightBlock(torch.cat(inputs), g) if inputs else BiasBlock(g.sum(0))


def _columns(r: Tensor, name: str, parameter: Tensor) -> Tensor:
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
    columns = [
        torch.autograd.grad(entry, v, retain_graph=True)[0] for entry in grad.flatten()
    ]
    return torch.stack(columns, dim=1)
