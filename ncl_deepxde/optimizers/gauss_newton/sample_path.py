r"""The Jacobian point by point with ``torch.func``, for any network.

A residual sees the network through its value and derivatives at one point. With the
gradients :math:`c_k` of :math:`r_n` by these,

.. math:: \frac{\partial r_n}{\partial\theta}
    = \sum_k c_k \cdot \frac{\partial}{\partial\theta} D^k y(x_n; \theta) .
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch.func import functional_call, grad, jacrev, vmap

from ...jets.served import serve
from .alignment import Rows, find_rows, probes
from .blocks import DenseBlock, JacobianBlock
from .jacobian import Jacobian
from .layer_path import columns
from .residuals import ResidualVector

__all__ = ["sample_jacobian"]

Parameters = Mapping[str, Tensor]


def sample_jacobian(
    vector: ResidualVector,
    parameters: Parameters,
    order: int,
    *,
    unknowns: Parameters | None = None,
) -> Jacobian:
    """Return the Jacobian, one row after the other in a batch.

    Args:
        vector: The residuals at the points of this step.
        parameters: All trainable parameters of the network by name.
        order: Highest derivative of the outputs in the residuals.
        unknowns: Trainable tensors by name that residuals see outside the network.

    Raises:
        DependentPointsError: A residual at one point depends on other points.
        ValueError: A residual differentiates more often than ``order``.
    """
    levels: list[Tensor] = []
    theta = {name: p.detach() for name, p in parameters.items()}
    point_levels = partial(_point_levels, vector.net, order)

    def forward(inputs: Tensor) -> Tensor:
        found = vmap(point_levels, in_dims=(None, 0))(theta, inputs.detach())
        levels[:] = [level.requires_grad_() for level in found]
        return serve(_given(levels), inputs, order)

    def projected(theta: Parameters, x: Tensor, weights: list[Tensor]) -> Tensor:
        pairs = zip(point_levels(theta, x), weights, strict=True)
        return torch.stack([(c * level).sum() for level, c in pairs]).sum()

    rows_of = vmap(grad(projected), in_dims=(None, 0, 0))
    every = {**parameters, **(unknowns or {})}
    values: list[Tensor] = []
    blocks: dict[str, list[JacobianBlock]] = {name: [] for name in every}
    for inputs, group in vector.groups(forward):
        for r in group:
            weights, rows = _rows(r, levels, len(values))
            found = rows_of(theta, inputs.detach(), _levels_like(weights, levels))
            for name, p in every.items():
                matrix = r.new_zeros(len(r), p.numel())
                if name in found:
                    per_row = found[name].reshape(len(inputs), -1)
                    matrix = rows.gradients(per_row).sum(0)
                if _is_seen(r, p):
                    matrix = matrix + columns(r, name, p).detach()
                blocks[name].append(DenseBlock(matrix, p.shape))
            values.append(r.detach())
    return Jacobian.of(values, blocks.values())


def _rows(r: Tensor, levels: list[Tensor], number: int) -> tuple[list[Tensor], Rows]:
    """Return the gradients by the levels, each (N, k), and the rows they belong to."""
    seen = []
    for cotangent in probes(r):
        grads = torch.autograd.grad(
            r, levels, cotangent, retain_graph=True, materialize_grads=True
        )
        seen.append([g.flatten(1).double() for g in grads])
    eps = torch.finfo(r.dtype).eps
    rows = find_rows(seen, len(r), number, eps)[len(levels[0])]
    return [g.to(r) for g in seen[0]], rows


def _levels_like(gradients: list[Tensor], levels: list[Tensor]) -> list[Tensor]:
    return [g.reshape(x.shape) for g, x in zip(gradients, levels, strict=True)]


def _is_seen(r: Tensor, parameter: Tensor) -> bool:
    """Tell whether a residual sees a parameter outside the network's outputs."""
    (grad,) = torch.autograd.grad(
        r, parameter, torch.ones_like(r), retain_graph=True, allow_unused=True
    )
    return grad is not None


def _point_levels(
    net: torch.nn.Module, order: int, theta: Parameters, x: Tensor
) -> list[Tensor]:
    """Return the outputs at one point (d+1,) and their derivatives up to ``order``."""

    def value(x: Tensor) -> Tensor:
        out: Tensor = functional_call(net, dict(theta), (x[None],))
        return out[0]

    found, f = [value(x)], value
    for _ in range(order):
        f = jacrev(f)
        found.append(f(x))
    return found


def _given(levels: list[Tensor]) -> Callable[[Tensor, int], list[Tensor]]:
    """Return an evaluation that gives the levels and refuses to be differentiated."""

    def evaluate(inputs: Tensor, order: int) -> list[Tensor]:
        if inputs.requires_grad:
            raise ValueError(
                f"GaussNewton: order={order} is less than the highest derivative in "
                "the residuals. Pass the order of the equation."
            )
        return levels

    return evaluate
