"""The models of the Hodge decomposition: what they keep exactly, and training."""

from __future__ import annotations

import pytest
import torch
from small_models import EXACT, ROUND_OFF, small_part, small_settings
from torch.func import jacrev, vmap

from ncl_deepxde.problems.hodge.measures import (
    divergence_error,
    points,
    relative_squared_l2,
)
from ncl_deepxde.problems.hodge.models import build_model
from ncl_deepxde.problems.hodge.target import PERIOD

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


@pytest.mark.parametrize("n", [2, 4, 10])
@pytest.mark.parametrize("model", EXACT)
def test_models_are_divergence_free_and_periodic(model, n):
    part, x = small_part(model, n), points(n, 5)
    assert part.solenoidal(x).shape == (5, n)
    assert divergence_error(part.solenoidal, x) < ROUND_OFF
    shift = torch.zeros(n)
    shift[-1] = PERIOD
    moved = part.solenoidal(x + shift) - part.solenoidal(x)
    assert 0 < moved.abs().max() < ROUND_OFF


@pytest.mark.parametrize("model", ["potential", "both-parts"])
def test_gradients_have_no_curl(model):
    net = small_part(model).net
    field = net if model == "potential" else net.gradient
    J = vmap(jacrev(lambda y: field(y[None])[0]))(points(4, 5)).detach()
    assert (J - J.transpose(1, 2)).abs().max() < ROUND_OFF < J.abs().max()


@pytest.mark.parametrize("model", EXACT)
def test_training_lowers_the_error(model):
    settings = small_settings(model, 2, steps=60, hidden=(32,), batch=64)
    experiment = build_model(model, settings, 0)
    x = points(2, 500)
    before = relative_squared_l2(experiment.solution, x)
    experiment.stages[0].compile(experiment.model)
    experiment.model.train(iterations=60, display_every=100, verbose=0)
    assert relative_squared_l2(experiment.solution, x) < 0.7 * before
