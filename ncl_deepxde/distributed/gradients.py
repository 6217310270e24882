"""Gradients of all processes, averaged before an optimizer sees them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache, wraps
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_pre_hook

from .processes import processes, tensors_of

__all__ = ["fingerprint", "share_gradients"]

# Steps between two looks at the weights, each of one number.
CHECKED_EVERY = 100
# Its closure leaves the gradient to the optimizer, and second derivatives, too.
REFUSED = ("NNCG",)


@cache
def share_gradients() -> None:
    """Let every optimizer of torch use the gradients of all processes.

    Those that DeepXDE's closure, or another one that ends in ``backward``, left in the
    parameters.
    """
    register_optimizer_step_pre_hook(_before_step)


def _before_step(
    optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, dict[str, Any]] | None:
    """Put a closure in the place of another; see ``register_optimizer_step_pre_hook``.

    Raises:
        ValueError: An optimizer that differentiates by itself.
        RuntimeError: The weights of two processes differ.
    """
    kind = type(optimizer).__name__
    if processes().size == 1:
        return None
    if kind in REFUSED:
        raise ValueError(
            f"distributed: the optimizer must leave gradients to its closure, got "
            f"{kind}. Use GaussNewton, or start one process."
        )
    _check_weights(optimizer)
    (_, *given), parameters = args, tensors_of(optimizer)
    closure = kwargs.get("closure", given[0] if given else None)
    if closure is None:
        return None

    @wraps(closure)
    def averaged() -> Any:
        return average_gradients(parameters, closure())

    rest = {k: v for k, v in kwargs.items() if k != "closure"}
    return (optimizer, averaged, *given[1:]), rest


def average_gradients(parameters: Sequence[Tensor], loss: Any) -> Any:
    """Average the gradients of parameters and a loss over the processes.

    Returns:
        The loss, the same to the last bit on all processes.
    """
    group = processes()
    graded = [p for p in parameters if p.grad is not None]
    if not graded or not isinstance(loss, Tensor):
        return loss
    grads = [p.grad / group.size for p in graded if p.grad is not None]
    *found, total = group.sum(*grads, loss.detach().to(grads[0]) / group.size)
    for p, grad in zip(graded, found, strict=True):
        p.grad = grad
    return total.to(loss)


def _check_weights(optimizer: torch.optim.Optimizer) -> None:
    """Make sure, now and then, that no process went its own way."""
    count = _counts[optimizer] = _counts.get(optimizer, 0) + 1
    if count % CHECKED_EVERY:
        return
    words = fingerprint(tensors_of(optimizer))
    mine = torch.tensor([int(words[:15], 16)], dtype=torch.int64, device="cpu")
    found = processes().collect(mine)
    if bool((found != found[0]).any()):
        raise RuntimeError(
            f"distributed: the weights of the processes differ after {count} steps. "
            "Take random numbers that depend on the process out of the problem, and "
            "start all processes on machines of one kind, with as many threads."
        )


_counts: WeakKeyDictionary[torch.optim.Optimizer, int] = WeakKeyDictionary()


def fingerprint(tensors: Sequence[Tensor]) -> str:
    """Return a text that differs where a bit of the tensors does."""
    digest = hashlib.blake2b(digest_size=16)
    for t in tensors:
        digest.update(t.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
