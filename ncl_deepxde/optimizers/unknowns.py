"""Unknowns of an equation: tensors that train beside the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

__all__ = ["Unknowns", "check_all_trained"]


class Unknowns:
    """The ``external_trainable_variables`` of a model, as parameters of an optimizer.

    An optimizer that is built before ``model.compile`` learns of them at its first
    step; they become a second group. Their values are saved with the optimizer's state,
    because DeepXDE's checkpoints hold those of the network alone.

    Args:
        optimizer: The optimizer that is to train them.
        model: The model that it is compiled into.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, model: dde.Model) -> None:
        self._optimizer, self._model = optimizer, model
        self._adopted: list[Tensor] = []
        optimizer.register_state_dict_pre_hook(lambda _: self._keep())
        optimizer.register_load_state_dict_pre_hook(lambda *_: self._prepare())
        optimizer.register_load_state_dict_post_hook(lambda _: self._restore())

    def adopt(self) -> list[Tensor]:
        """Make them parameters of the optimizer, and return them."""
        found = list(self._model.external_trainable_variables or [])
        known = {id(p) for g in self._optimizer.param_groups for p in g["params"]}
        missing = [v for v in found if id(v) not in known]
        for v in missing:
            if not v.requires_grad:
                raise ValueError(
                    "external_trainable_variables: each must be a dde.Variable, which "
                    f"requires a gradient, got a tensor of shape {tuple(v.shape)} that "
                    "does not."
                )
        if missing:
            self._optimizer.add_param_group({"params": missing})
        self._adopted = [v for v in found if v.requires_grad]
        return self._adopted

    def named(self) -> dict[str, Tensor]:
        """Return them by a name for messages."""
        found = enumerate(self._adopted)
        return {f"external_trainable_variables[{i}]": v for i, v in found}

    def _prepare(self) -> None:
        self.adopt()

    def _keep(self) -> None:
        for v in self.adopt():
            self._optimizer.state[v]["value"] = v.detach().clone()

    def _restore(self) -> None:
        with torch.no_grad():
            for v in self._adopted:
                state: dict[str, Any] = self._optimizer.state[v]
                if "value" in state:
                    v.copy_(state.pop("value"))


def check_all_trained(
    optimizer: torch.optim.Optimizer, closure: Callable[[], Any] | None
) -> None:
    """Refuse what DeepXDE passes only to optimizers that it builds itself.

    Args:
        optimizer: An optimizer that was given to ``model.compile`` as an object.
        closure: DeepXDE's closure, which knows its model; others are let through.

    Raises:
        ValueError: Unknowns that the optimizer does not have, or an l2 regularization.
    """
    kind = type(optimizer).__name__
    for model in _models(closure):
        known = {id(p) for group in optimizer.param_groups for p in group["params"]}
        lost = [v for v in model.external_trainable_variables if id(v) not in known]
        if lost:
            raise ValueError(
                f"{kind}: params must hold the external_trainable_variables, got "
                f"{len(lost)} that it does not have and would never train. Build it "
                "with [*net.parameters(), *external_trainable_variables]."
            )
        regularizer = model.net.regularizer
        if regularizer is not None and regularizer[0] == "l2" and regularizer[1] != 0:
            raise ValueError(
                f"{kind}: the network's regularization must not be l2, which DeepXDE "
                f"applies in optimizers that it builds by name alone, got "
                f"{regularizer}. Build the network without it, or compile('adam')."
            )


def _models(closure: Callable[[], Any] | None) -> Iterable[dde.Model]:
    """Return the models that a closure refers to."""
    cells = getattr(closure, "__closure__", None) or ()
    return [c.cell_contents for c in cells if isinstance(c.cell_contents, dde.Model)]
