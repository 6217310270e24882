"""The models of optimal transport: built from settings, right once trained."""

from __future__ import annotations

from dataclasses import replace

import deepxde as dde
import pytest

from ncl_deepxde.nn import LFlow, SubharmonicNCL
from ncl_deepxde.problems.optimal_transport.cost import map_cost
from ncl_deepxde.problems.optimal_transport.densities import (
    GaussianMixture,
    gaussian_cost,
)
from ncl_deepxde.problems.optimal_transport.models import build_model, objective, stages
from ncl_deepxde.problems.optimal_transport.paths import paths
from ncl_deepxde.problems.optimal_transport.presets import PRESETS
from ncl_deepxde.problems.optimal_transport.settings import StageSettings

ENDS = GaussianMixture([[0.0, 0.0]], 0.5), GaussianMixture([[0.6, -0.3]], 0.8)


# Two percent, what the estimates of a cost are allowed to be off.
CLOSE = 0.02
SETTINGS = replace(
    PRESETS["smoke"].settings("lflow", PRESETS["smoke"].cases[0]),
    batch=64,
    times=16,
    terminal="divergence",
    box=None,
    clip=10.0,
    # The ends give way by the inverse of the weight: 6 percent of the cost for 50.
    stages=(StageSettings(steps=150, terminal_weight=500.0, lr=1e-2, least_lr=1e-4),),
)


@pytest.mark.parametrize(
    "net",
    [
        lambda: LFlow(2, blocks=2, width=8, time_embedding=(32,), output="velocity"),
        lambda: SubharmonicNCL(
            2,
            components=1,
            hidden=(32,),
            solenoidal=(16,),
            construction="transport",
            width=0.5,
            output="velocity",
        ),
    ],
    ids=["lflow", "ncl"],
)
def test_cost_of_a_trained_flow_is_the_bures_distance(net):
    dde.config.set_random_seed(0)
    net = net()
    model = dde.Model(objective(ENDS, SETTINGS, 0), net)
    (stage,) = stages(net, ENDS, SETTINGS, 0)
    stage.compile(model)
    model.train(iterations=150, display_every=1000, verbose=0)
    cost = map_cost(lambda x: paths(net, x, (0.0, 1.0))[-1], ENDS[0], repeats=4)
    assert cost.mean == pytest.approx(gaussian_cost(*ENDS), rel=CLOSE)


def test_stages_are_numbered_and_have_their_weights():
    settings = PRESETS["smoke"].settings("lflow", PRESETS["smoke"].cases[0])
    experiment = build_model(ENDS, settings, 0)
    found = []
    for stage in experiment.stages:
        stage.compile(experiment.model)
        weights = experiment.model.loss_weights
        found.append((stage.name, stage.steps, [*weights]))
    assert found == [
        ("adam 1", 3, [8.0, 8.0, 1.0]),
        ("adam 2", 3, [30.0, 30.0, 1.0]),
        ("adam 3", 4, [100.0, 100.0, 1.0]),
    ]


def test_settings_of_no_model_are_refused():
    with pytest.raises(ValueError, match=r"must be those of a model, .* TransportSett"):
        build_model(ENDS, PRESETS["smoke"].settings(), 0)
