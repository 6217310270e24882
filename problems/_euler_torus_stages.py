"""The stages of training of the Euler torus, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import deepxde as dde

from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.training import Stage

__all__ = ["stage"]


def stage(name: str, budget: Mapping[str, Any], weights: Sequence[float]) -> Stage:
    """Return a stage of training.

    Args:
        name: ``"adam"`` or ``"gauss-newton"``.
        budget: ``steps`` or ``seconds``, and the optimizer's numbers: ``lr``, ``drop``,
            ``drop_at`` of Adam, ``options`` of the others.
        weights: One per loss term.
    """

    def compile_adam(model: dde.Model) -> None:
        model.compile(
            "adam",
            lr=budget["lr"],
            decay=_drop(budget) if "drop" in budget else None,
            loss_weights=list(weights),
            verbose=0,
        )

    def compile_gauss_newton(model: dde.Model) -> None:
        optimizer = GaussNewton(model, **budget.get("options", {}))
        model.compile(optimizer, loss_weights=list(weights), verbose=0)

    compilers = {"adam": compile_adam, "gauss-newton": compile_gauss_newton}
    return Stage(name, compilers[name], budget.get("steps"), budget.get("seconds"))


def _drop(budget: Mapping[str, Any]) -> tuple[str, Callable[[int], float]]:
    """Return the paper's schedule: the learning rate drops once."""
    return "lambda", lambda step: budget["drop"] if step >= budget["drop_at"] else 1.0
