"""Presets of the Euler ball: all fit, equal terms for all models, the paper's sizes."""

import pytest
from euler_flows import built

from ncl_deepxde.problems.euler.ball.models import MODELS
from ncl_deepxde.problems.euler.ball.problem import PROBLEM


@pytest.mark.parametrize("preset", PROBLEM.presets)
@pytest.mark.parametrize("model", MODELS)
def test_every_preset_builds_every_model(preset, model):
    experiment = built(PROBLEM, model, preset, width=8, depth=1)
    assert len(experiment.stages) == len(experiment.settings.stages)
    experiment.stages[0].compile(experiment.model)


@pytest.mark.parametrize("preset", ["quick", "best", "smoke"])
def test_rivals_have_as_many_points_in_every_stage(preset):
    totals = set()
    for name in MODELS:
        experiment = built(PROBLEM, name, preset)
        data = experiment.model.data
        per_stage = []
        for stage in experiment.stages:
            stage.compile(experiment.model)
            soft = sum(c.num_points for c in data.conditions)
            per_stage.append(data.num_domain + soft)
        totals.add(tuple(per_stage))
    assert len(totals) == 1


def test_paper_preset_has_the_sizes_and_weights_of_the_paper():
    experiment = built(PROBLEM, "ncl-vector", "paper")
    # 4 inputs, 4 x 128, 4 potentials and the pressure.
    weights = 4 * 128 + 128 + 3 * (128**2 + 128) + 5 * 128
    assert experiment.model.net.num_trainable_parameters() == weights + 1
    (stage,) = experiment.stages
    assert stage.steps == 10_000
    stage.compile(experiment.model)
    expected = [0.2] * 3 + [0.1] + [30] * 4 + [0.1]
    assert list(experiment.model.loss_weights) == expected
