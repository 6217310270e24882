"""The stages of training of the Euler problems, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import deepxde as dde
import torch
from deepxde.optimizers.pytorch.nncg import NNCG
from torch import Tensor

from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.runs import Stage

__all__ = ["stage"]

Budget = Mapping[str, Any]

# Rounding ends a stage long before these are reached; a stage ends by its budget.
NO_TOLERANCE = {"tolerance_grad": 0.0, "tolerance_change": 0.0}


def stage(name: str, budget: Budget, weights: Sequence[float]) -> Stage:
    """Return a stage of training.

    Args:
        name: Of the stage; ``"adam"``, ``"l-bfgs"``, ``"nncg"`` or ``"gauss-newton"``,
            unless the budget names its ``optimizer``.
        budget: ``steps`` or ``seconds``; ``num_domain``, and ``num_NAME`` of a
            condition, where the number of points changes; ``resample_every``, the
            number of steps that share their points (1); ``lr``, ``drop`` and
            ``drop_at`` of Adam; of the others ``options``, the keywords of
            ``torch.optim.LBFGS``, DeepXDE's ``NNCG`` or ``GaussNewton``.
        weights: One per loss term.

    Raises:
        ValueError: Another name.
    """
    optimizer = budget.get("optimizer", name)
    if optimizer not in COMPILERS:
        known = ", ".join(COMPILERS)
        raise ValueError(f"stages: must be of {known}, got {optimizer!r}.")

    def compile_model(model: dde.Model) -> None:
        data = model.data
        data.resample_every = budget.get("resample_every", 1)
        data.num_domain = budget.get("num_domain", data.num_domain)
        data.conditions = tuple(
            replace(c, num_points=budget.get(f"num_{c.name}", c.num_points))
            for c in data.conditions
        )
        COMPILERS[optimizer](model, budget, list(weights))

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

    def forget(*_: object) -> None:
        # A difference of gradients at different points is no curvature.
        if (model.data.step - 1) % model.data.resample_every == 0:
            optimizer.state.clear()

    optimizer.register_step_pre_hook(forget)
    model.compile(optimizer, loss_weights=weights, verbose=0)


class TolerantNNCG(NNCG):  # type: ignore[misc]
    """DeepXDE's NysNewtonCG, which goes on where its preconditioner cannot be built.

    Where the Hessian is indefinite the Cholesky factorization of its sketch fails by
    rounding; then the older preconditioner stays, at first the identity.
    """

    def _update_preconditioner(self, grad: Tensor) -> None:
        if self.n_iters == 0:
            self.U = grad.new_zeros(len(grad), self.rank)
            self.S = grad.new_zeros(self.rank)
        with suppress(torch.linalg.LinAlgError):  # type: ignore[attr-defined]
            super()._update_preconditioner(grad)


def _nncg(model: dde.Model, budget: Budget, weights: list[float]) -> None:
    # By this name, DeepXDE's closure keeps the graph for a second backward pass.
    model.compile("NNCG", loss_weights=weights, verbose=0)
    options = {"line_search_fn": "armijo", **budget.get("options", {})}
    model.opt = TolerantNNCG(model.net.parameters(), **options)


def _gauss_newton(model: dde.Model, budget: Budget, weights: list[float]) -> None:
    optimizer = GaussNewton(model, **budget.get("options", {}))
    model.compile(optimizer, loss_weights=weights, verbose=0)


COMPILERS: Mapping[str, Callable[[dde.Model, Budget, list[float]], None]] = {
    "adam": _adam,
    "l-bfgs": _lbfgs,
    "nncg": _nncg,
    "gauss-newton": _gauss_newton,
}
