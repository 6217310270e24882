"""How networks are trained on observed densities and velocities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ncl_deepxde.data import Observations, Source
from ncl_deepxde.nn import SemiLagrangian
from ncl_deepxde.optimizers.clipped_adam import ClippedAdam
from ncl_deepxde.runs import Stage

from .model import ObservedModel

__all__ = ["stages"]

Settings = Mapping[str, Any]


def stages(
    parts: ObservedModel,
    own: Settings,
    data: Observations,
    at_start: Source | None = None,
) -> list[Stage]:
    """Return the stages of training.

    Args:
        parts: The model.
        own: Its settings, with ``adam`` and perhaps ``pretraining``.
        data: What it is trained on.
        at_start: Observations at the start alone, for the pretraining.
    """
    if at_start is None or "pretraining" not in own:
        return [_adam(parts, own, data)]
    return [_pretraining(parts, own, at_start, data.seed), _adam(parts, own, data)]


def _adam(parts: ObservedModel, own: Settings, data: Observations) -> Stage:
    """Return Adam with a learning rate that falls by a cosine.

    ``adam`` holds ``lr``, ``least_lr``, ``steps``, the steps of the cosine as
    ``cosine`` where it is cut short, the bound ``clip`` of the gradient, a
    ``weight_decay``, and ``grid_lr`` of a density on a grid, which does not decay.
    """
    budget = own["adam"]

    def compile_model(model: dde.Model) -> None:
        model.data, model.net = data, parts.net
        groups: list[dict[str, Any]] = [{"params": list(parts.net.parameters())}]
        if "grid_lr" in budget:
            net = parts.net
            groups = [
                {"params": net.velocity_parameters()},
                {
                    "params": net.grid_parameters(),
                    "lr": budget["grid_lr"],
                    "weight_decay": 0.0,
                },
            ]
        clip, decay = budget.get("clip", torch.inf), budget.get("weight_decay", 0.0)
        model.compile(
            ClippedAdam(groups, clip, lr=budget["lr"], weight_decay=decay),
            loss=parts.losses(),
            loss_weights=parts.weights(),
            decay=("cosine", budget.get("cosine", budget["steps"]), budget["least_lr"]),
            verbose=0,
        )

    return Stage("adam", compile_model, budget["steps"])


class AtStart(dde.nn.pytorch.NN):  # type: ignore[misc]
    """A semi-Lagrangian network at the start, where nothing is to be solved.

    Args:
        net: The network, whose parameters it shares.
    """

    def __init__(self, net: SemiLagrangian) -> None:
        super().__init__()
        self.regularizer, self.net = None, net

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the density, (N, 1), for inputs (N, d + 1)."""
        rho: Tensor = self.net.grid(inputs[:, :-1]).exp()
        return rho

    @property
    def grid_mass(self) -> Tensor:
        """As of the network."""
        return self.net.grid_mass


def _pretraining(
    parts: ObservedModel, own: Settings, at_start: Source, seed: int
) -> Stage:
    """Return L-BFGS on the density at the start, without the velocity.

    ``pretraining`` holds ``steps``, each of as many ``iterations`` at the same points.
    """
    budget, density = own["pretraining"], parts.terms[0]
    mass = [(p, weight) for p, weight in parts.penalties if p.name == "mass"]
    data = Observations(
        at_start,
        budget["num_observations"],
        density=parts.density,
        velocity=None,
        penalties=[penalty for penalty, _ in mass],
        seed=seed,
    )

    def compile_model(model: dde.Model) -> None:
        model.data, model.net = data, AtStart(parts.net)
        optimizer = torch.optim.LBFGS(
            parts.net.grid_parameters(),
            max_iter=budget["iterations"],
            line_search_fn="strong_wolfe",
        )
        # A difference of gradients at different points is no curvature.
        optimizer.register_step_pre_hook(lambda *_: optimizer.state.clear())
        model.compile(
            optimizer,
            loss=parts.losses()[:1],
            loss_weights=[density.weight, *(weight for _, weight in mass)],
            verbose=0,
        )

    return Stage("start", compile_model, budget["steps"])
