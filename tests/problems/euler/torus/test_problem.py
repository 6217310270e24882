"""The Euler torus as the command line sees it: training, points, windows of time."""

import deepxde as dde
import numpy as np
import pytest
import torch
from euler_flows import built

from ncl_deepxde.problems.euler.torus.models import MODELS
from ncl_deepxde.problems.euler.torus.problem import PROBLEM

SMOKE = PROBLEM.presets["smoke"]


@pytest.mark.parametrize("model", MODELS)
def test_every_model_builds_and_steps_down(model):
    experiment = built(PROBLEM, model)
    experiment.stages[0].compile(experiment.model)
    history, _ = experiment.model.train(iterations=20, display_every=20, verbose=0)
    # At the test points, which stay.
    assert np.sum(history.loss_test[-1]) < np.sum(history.loss_test[0])
    fields = experiment.solution(np.random.default_rng(0).random((7, 2)), 0.1)
    assert {k: v.shape for k, v in fields.items()} == {
        "rho": (7, 1),
        "u": (7, 2),
        "p": (7, 1),
    }


@pytest.mark.parametrize("is_hard", [False, True])
def test_rivals_see_the_same_points(is_hard):
    names = [name for name in MODELS if name.endswith("hard") == is_hard]
    first, *others = (
        built(PROBLEM, name, seed=3).model.data.train_next_batch()[0] for name in names
    )
    assert len(others) >= 1
    assert all(torch.equal(first, points) for points in others)


def test_windows_divide_the_time_and_the_budget():
    experiment = built(PROBLEM, "ncl-hard", windows=3)
    stages = [s for s in experiment.stages if s.name.startswith("gauss-newton")]
    assert [s.name for s in stages] == [
        f"gauss-newton, window {k} of 3" for k in (1, 2, 3)
    ]
    assert sum(s.steps for s in stages) >= SMOKE.content["gauss-newton"]["steps"]
    for k, window in enumerate(stages):
        window.compile(experiment.model)
        t = experiment.model.data.train_next_batch()[0][:, 2] * 9
        assert k <= t.min() < t.max() <= k + 1
        trained = [
            any(p.requires_grad for p in net.parameters())
            for net in experiment.model.net.nets
        ]
        assert trained == [j == k for j in range(3)]


def test_presets_are_built_in_the_float_type_in_force():
    dde.config.set_default_float("float32")
    net = built(PROBLEM, "ncl-matrix").model.net
    assert {p.dtype for p in net.parameters()} == {torch.float32}
