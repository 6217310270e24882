"""The stages of training of the Euler problems, from their budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import deepxde as dde
import torch
from deepxde.optimizers.pytorch.nncg import NNCG
from torch import Tensor

from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.runs import Stage

from .budgets import (
    AdamBudget,
    GaussNewtonBudget,
    LBFGSBudget,
    NNCGBudget,
    StageBudget,
    given,
)

__all__ = ["TolerantNNCG", "stage"]

# Rounding ends a stage long before these are reached; a stage ends by its budget.
NO_TOLERANCE = {"tolerance_grad": 0.0, "tolerance_change": 0.0}


def stage(name: str, budget: StageBudget, weights: Sequence[float]) -> Stage:
    """Return a stage of training.

    Args:
        name: Name of the stage in the log.
        budget: Its length, its points and its optimizer.
        weights: Weight of each loss term.
    """

    def compile_model(model: dde.Model) -> None:
        data = model.data
        data.resample_every = budget.resample_every
        data.num_domain = budget.num_domain or data.num_domain
        data.conditions = tuple(
            replace(c, num_points=budget.condition_points[c.name] or c.num_points)
            for c in data.conditions
        )
        _compile(model, budget, list(weights))

    return Stage(name, compile_model, budget.steps, budget.seconds)


def _compile(model: dde.Model, budget: StageBudget, weights: list[float]) -> None:
    match budget:
        case AdamBudget():
            _compile_adam(model, budget, weights)
        case LBFGSBudget():
            _compile_lbfgs(model, budget, weights)
        case NNCGBudget():
            _compile_nncg(model, budget, weights)
        case GaussNewtonBudget():
            optimizer = GaussNewton(model, **given(budget.options))
            model.compile(optimizer, loss_weights=weights, verbose=0)


def _compile_adam(model: dde.Model, budget: AdamBudget, weights: list[float]) -> None:
    decay = None if budget.drop is None else ("lambda", _factor(budget))
    model.compile("adam", lr=budget.lr, decay=decay, loss_weights=weights, verbose=0)


def _factor(budget: AdamBudget) -> Callable[[int], float]:
    """Return the paper's schedule: the learning rate drops once."""
    drop, drop_at = budget.drop or 1.0, budget.drop_at or 0
    return lambda step: drop if step >= drop_at else 1.0


def _compile_lbfgs(model: dde.Model, budget: LBFGSBudget, weights: list[float]) -> None:
    options = {**NO_TOLERANCE, **given(budget.options)}
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


def _compile_nncg(model: dde.Model, budget: NNCGBudget, weights: list[float]) -> None:
    # By this name, DeepXDE's closure keeps the graph for a second backward pass.
    model.compile("NNCG", loss_weights=weights, verbose=0)
    options = {"line_search_fn": "armijo", **given(budget.options)}
    model.opt = TolerantNNCG(model.net.parameters(), **options)
