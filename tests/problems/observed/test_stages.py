"""Stages of training on observations: what Adam takes over, what L-BFGS leaves."""

import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.problems.fluid_flow.exact import training_source
from ncl_deepxde.problems.fluid_flow.presets import PRESETS
from ncl_deepxde.problems.fluid_flow.problem import PROBLEM
from ncl_deepxde.problems.observed import (
    Adam,
    LossTerm,
    ObservedModel,
    SirenFlow,
    adam,
    observations,
)


def compiled(budget):
    net = SirenFlow([-4, -4, 0], [4, 4, 1], 8, 1, 1.0)
    observed = ObservedModel(net, "log1p", "velocity", [LossTerm(1.0), LossTerm(0.25)])
    data = observations(observed, training_source(2), 20, 3)
    model = dde.Model(data, net)
    adam(observed, budget, data).compile(model)
    return model


def test_adam_has_the_rates_and_bounds_of_its_budget():
    budget = Adam(lr=0.1, steps=10, least_lr=1e-3, clip=0.5, weight_decay=0.2)
    model = compiled(budget)
    (group,) = model.opt.param_groups
    assert (group["lr"], group["weight_decay"]) == (0.1, 0.2)
    assert model.opt.clip == 0.5
    assert model.loss_weights == [1.0, 0.25]
    assert (model.lr_scheduler.T_max, model.lr_scheduler.eta_min) == (10, 1e-3)


def test_adam_without_bounds_has_none_and_its_cosine_may_be_longer():
    model = compiled(Adam(lr=0.1, steps=10, least_lr=0.0, cosine=20))
    assert model.opt.clip == torch.inf
    assert model.opt.param_groups[0]["weight_decay"] == 0
    assert model.lr_scheduler.T_max == 20


def test_rates_of_a_grid_reach_the_optimizer():
    settings = PRESETS["smoke"].settings("slda", "2d")
    experiment = PROBLEM.build("slda", settings, 0)
    experiment.stages[-1].compile(experiment.model)
    velocity, density = experiment.model.opt.param_groups
    assert velocity["lr"] == settings.adam.lr
    assert density["lr"] == settings.adam.grid_lr != settings.adam.lr
    assert density["params"] == experiment.model.net.grid_parameters()


def test_pretraining_leaves_the_velocity_alone():
    settings = PRESETS["smoke"].settings("slda", "2d")
    experiment = PROBLEM.build("slda", settings, 0)
    net, start = experiment.model.net, experiment.stages[0]
    before = [p.clone() for p in net.velocity_parameters()]
    grid = [p.clone() for p in net.grid_parameters()]
    start.compile(experiment.model)
    history, _ = experiment.model.train(iterations=1, display_every=1, verbose=0)
    pairs = zip(before, net.velocity_parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(grid[0], net.grid_parameters()[0])
    assert np.sum(history.loss_train[-1]) < np.sum(history.loss_train[0])
