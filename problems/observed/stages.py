"""How networks are trained on observed densities and velocities."""

from __future__ import annotations

import deepxde as dde
import torch
from torch import Tensor

from ncl_deepxde.data import Observations, Source
from ncl_deepxde.nn import SemiLagrangian
from ncl_deepxde.optimizers.clipped_adam import ClippedAdam
from ncl_deepxde.runs import Stage

from .model import ObservedModel
from .settings import Adam, Pretraining

__all__ = ["adam", "observations", "pretraining"]

MOST_TESTED = 1000
"""Largest number of observations of the test loss."""


def observations(
    observed: ObservedModel, source: Source, number: int, seed: int
) -> Observations:
    """Pose what a model is trained on.

    Args:
        observed: The model.
        source: Source of the observations.
        number: Number of observations of a step.
        seed: Seed of the observations of each step.
    """
    return Observations(
        source,
        number,
        density=observed.density,
        velocity=observed.velocity,
        output="velocity",
        conditions=observed.conditions,
        penalties=[penalty for penalty, _ in observed.penalties],
        seed=seed,
        num_test=min(number, MOST_TESTED),
    )


def adam(observed: ObservedModel, budget: Adam, data: Observations) -> Stage:
    """Build the stage of Adam.

    Args:
        observed: The model.
        budget: Learning rates and steps.
        data: What the model is trained on.
    """

    def compile_model(model: dde.Model) -> None:
        model.data, model.net = data, observed.net
        groups = observed.groups or [{"params": list(observed.net.parameters())}]
        optimizer = ClippedAdam(
            groups,
            budget.clip or torch.inf,
            lr=budget.lr,
            weight_decay=budget.weight_decay,
        )
        model.compile(
            optimizer,
            loss=observed.losses(),
            loss_weights=observed.weights(),
            decay=("cosine", budget.cosine or budget.steps, budget.least_lr),
            verbose=0,
        )

    return Stage("adam", compile_model, budget.steps)


def pretraining(
    observed: ObservedModel, budget: Pretraining, at_start: Source, seed: int
) -> Stage:
    """Build the stage of L-BFGS on the density at the start, without the velocity.

    Args:
        observed: A model whose network is a ``SemiLagrangian``.
        budget: Steps and iterations.
        at_start: Source of observations at the start alone.
        seed: Seed of the observations of each step.
    """
    mass = [pair for pair in observed.penalties if pair[0].name == "mass"]
    data = Observations(
        at_start,
        budget.num_observations,
        density=observed.density,
        velocity=None,
        penalties=[penalty for penalty, _ in mass],
        seed=seed,
    )

    def compile_model(model: dde.Model) -> None:
        model.data, model.net = data, StartingDensity(observed.net)
        optimizer = torch.optim.LBFGS(
            observed.net.grid_parameters(),
            max_iter=budget.iterations,
            line_search_fn="strong_wolfe",
        )
        # A difference of gradients at different points is no curvature.
        optimizer.register_step_pre_hook(lambda *_: optimizer.state.clear())
        model.compile(
            optimizer,
            loss=observed.losses()[:1],
            loss_weights=[observed.terms[0].weight, *(weight for _, weight in mass)],
            verbose=0,
        )

    return Stage("start", compile_model, budget.steps)


class StartingDensity(dde.nn.pytorch.NN):  # type: ignore[misc]
    """The density of a semi-Lagrangian network at the start, its grid.

    Args:
        net: The network, whose parameters it shares.
    """

    def __init__(self, net: SemiLagrangian) -> None:
        super().__init__()
        self.regularizer, self.net = None, net

    def forward(self, inputs: Tensor) -> Tensor:
        """Evaluate the density, (N, 1), at inputs (N, d + 1)."""
        rho: Tensor = self.net.grid(inputs[:, :-1]).exp()
        return rho

    @property
    def grid_mass(self) -> Tensor:
        """The mean density over the nodes of the grid, 0-dimensional."""
        return self.net.grid_mass
