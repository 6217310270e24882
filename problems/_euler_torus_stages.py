"""The stages of training of the Euler torus, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import deepxde as dde
import torch

from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.training import Stage

__all__ = ["stage"]

Budget = Mapping[str, Any]

# Rounding ends a stage long before these are reached; a stage ends by its budget.
NO_TOLERANCE = {"tolerance_grad": 0.0, "tolerance_change": 0.0}


def stage(name: str, budget: Budget, weights: Sequence[float]) -> Stage:
    """Return a stage of training.

    Args:
        name: ``"adam"``, ``"l-bfgs"``, ``"nncg"`` or ``"gauss-newton"``.
        budget: ``steps`` or ``seconds``; ``resample_every``, the number of steps that
            share their points (1); ``lr``, ``drop`` and ``drop_at`` of Adam; of the
            others ``options``, the keywords of ``torch.optim.LBFGS``,
            ``dde.optimizers.set_NNCG_options`` or ``GaussNewton``.
        weights: One per loss term.

    Raises:
        ValueError: Another name.
    """
    if name not in COMPILERS:
        raise ValueError(f"stages: must be of {', '.join(COMPILERS)}, got {name!r}.")

    def compile_model(model: dde.Model) -> None:
        model.data.resample_every = budget.get("resample_every", 1)
        COMPILERS[name](model, budget, list(weights))

    return Stage(name, compile_model, budget.get("steps"), budget.get("seconds"))


def _adam(model: dde.Model, budget: Budget, weights: list[float]) -> None:
    decay = _drop(budget) if "drop" in budget else None
    model.compile("adam", lr=budget["lr"], decay=decay, loss_weights=weights, verbose=0)


def _drop(budget: Budget) -> tuple[str, Callable[[int], float]]:
    """Return the paper's schedule: the learning rate drops once."""
    return "lambda", lambda step: budget["drop"] if step >= budget["drop_at"] else 1.0


def _lbfgs(model: dde.Model, budget: Budget, weights: list[float]) -> None:
    """Compile with L-BFGS; one step is ``max_iter`` iterations at the same points."""
    options = {**NO_TOLERANCE, **budget.get("options", {})}
    optimizer = torch.optim.LBFGS(
        model.net.parameters(), line_search_fn="strong_wolfe", **options
    )
    model.compile(optimizer, loss_weights=weights, verbose=0)


def _nncg(model: dde.Model, budget: Budget, weights: list[float]) -> None:
    """Compile with DeepXDE's NysNewtonCG, which takes its options from a global."""
    options = dde.optimizers.config.NNCG_options
    before = dict(options)
    try:
        dde.optimizers.set_NNCG_options(**budget.get("options", {}))
        # Only by this name DeepXDE's closure leaves the graph for a second backward.
        model.compile("NNCG", loss_weights=weights, verbose=0)
    finally:
        options.update(before)


def _gauss_newton(model: dde.Model, budget: Budget, weights: list[float]) -> None:
    optimizer = GaussNewton(model, **budget.get("options", {}))
    model.compile(optimizer, loss_weights=weights, verbose=0)


COMPILERS: Mapping[str, Callable[[dde.Model, Budget, list[float]], None]] = {
    "adam": _adam,
    "l-bfgs": _lbfgs,
    "nncg": _nncg,
    "gauss-newton": _gauss_newton,
}
