r"""What a first step of Gauss-Newton makes sure of, once.

The residuals are the same when evaluated twice, nothing trainable is left out, and the
Jacobian is the derivative of the loss by an independent backward pass,
:math:`2 J^T r = \nabla |r|^2`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from .jacobian import Jacobian
from .norms import length
from .residuals import ResidualVector

__all__ = ["check_first_step", "dependent"]

# Of the gradient in float32, which sums thousands of products; a dependence that
# matters changes it by far more.
TOLERANCE = 1e-2
# From here on the factorization of the kernel takes longer than the network.
MANY = 3000


def dependent(name: str) -> str:
    """Return the message on a residual that mixes points."""
    return (
        f"GaussNewton: the residual {name!r} must depend at each point on that point "
        "alone, got one that depends on others. Take batch normalization and means "
        "over the points out of the network and the equation, or use another "
        "optimizer, such as L-BFGS."
    )


def check_first_step(
    model: dde.Model,
    vector: ResidualVector,
    jacobian: Jacobian,
    trained: Mapping[str, Tensor],
) -> None:
    """Refuse what would train wrongly, and warn of what is slow.

    Raises:
        ValueError: Random residuals, a trainable tensor that nobody trains, residuals
            that mix points, or options of ``compile`` that have no effect.
    """
    if model.lr_scheduler is not None:
        raise ValueError(
            "GaussNewton: decay must be None, because a line search finds the step, "
            "got a schedule. Compile without lr and decay."
        )
    with torch.enable_grad():
        groups = list(vector.groups())
        residuals = [r for _, group in groups for r in group]
        here = torch.cat(jacobian.own(jacobian.residuals))
        _check_repeatable(torch.cat(residuals).detach(), here)
        known = [*(x for x, _ in groups), *model.net.parameters(), *trained.values()]
        _check_complete(residuals, vector.names, known)
        tensors = list(trained.values())
        found = torch.autograd.grad(
            torch.cat(residuals).square().sum() / 2,
            tensors,
            allow_unused=True,
            materialize_grads=True,
        )
    expected = jacobian.rows_of.processes.sum(*found)
    _check_gradient(jacobian, expected, vector.names)
    _warn_of_size(model, jacobian)


def _check_repeatable(again: Tensor, residuals: Tensor) -> None:
    eps = torch.finfo(residuals.dtype).eps
    scale = float(residuals.abs().max())
    if float((again - residuals).abs().max()) > eps**0.5 * scale:
        raise ValueError(
            "GaussNewton: residuals must be the same when evaluated twice at the same "
            "points, got others. Take dropout and random numbers out of the network "
            "and the equation."
        )


def _check_complete(
    residuals: Sequence[Tensor],
    names: Sequence[str],
    known: Sequence[Tensor],
) -> None:
    """Refuse trainable tensors that residuals depend on and that stay as they are.

    Args:
        residuals: The residuals, each (N,).
        names: Name of the loss term of each.
        known: Points, and what is trained or frozen on purpose.
    """
    expected = {id(tensor) for tensor in known}
    for name, r in zip(names, residuals, strict=True):
        for leaf in _leaves(r):
            if id(leaf) not in expected:
                raise ValueError(
                    f"GaussNewton: every trainable tensor of {name!r} must be a "
                    "parameter of the network or be listed in "
                    "external_trainable_variables, got one of shape "
                    f"{tuple(leaf.shape)} that is neither. Pass "
                    "external_trainable_variables=[...] to model.compile."
                )


def _leaves(r: Tensor) -> list[Tensor]:
    """Return the leaves of a graph that require a gradient."""
    leaves, nodes, seen = [], [r.grad_fn], set()
    while nodes:
        node: Any = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.name() == "torch::autograd::AccumulateGrad":
            leaves.append(node.variable)
        nodes += [following for following, _ in node.next_functions]
    return leaves


def _check_gradient(
    jacobian: Jacobian, expected: Sequence[Tensor], names: Sequence[str]
) -> None:
    r = jacobian.residuals
    signs = 1 - 2 * (torch.arange(len(r), device=r.device) % 2).to(r)
    found = jacobian.pull(r)
    # Without the cancellation that makes a gradient vanish.
    scale = max(length(jacobian.pull(signs * r)), length(expected))
    rest = [a - b for a, b in zip(found, expected, strict=True)]
    if length(rest) > TOLERANCE * scale:
        raise ValueError(dependent("', '".join(dict.fromkeys(names))))


def _warn_of_size(model: dde.Model, jacobian: Jacobian) -> None:
    count = len(jacobian.residuals)
    unknown = sum(shape.numel() for shape in jacobian.shapes)
    if isinstance(model.data, dde.data.PDE) and min(count, unknown) > MANY:
        flops = count * unknown * min(count, unknown) + min(count, unknown) ** 3 / 3
        warnings.warn(
            f"GaussNewton: a step with {count} residuals and {unknown} parameters "
            f"takes {flops:.1e} operations. Fewer points that are new at every step "
            "learn more per second: lower num_domain, or use "
            "ncl_deepxde.data.Collocation.from_pde(data).",
            stacklevel=2,
        )
