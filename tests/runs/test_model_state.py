"""What decides the next step: taken, restored, and the same step follows."""

import copy
import random

import deepxde as dde
import numpy as np
import pytest
import torch
from resumable_run import adam, build_model, weights

from ncl_deepxde.runs.model_state import (
    Stateful,
    has_finite_weights,
    model_state,
    restore_model,
    restore_sampling,
    sampling_state,
)


def compiled(seed=0):
    model = build_model(seed)
    adam(model)
    return model


def step(model):
    """Take one step of the optimizer; return the loss before it."""
    x, _ = model.data.train_next_batch()
    losses = model.outputs_losses_train(x, None, None)[1]
    model.opt.zero_grad()
    losses.sum().backward()
    model.opt.step()
    model.lr_scheduler.step()
    return float(losses.sum().detach())


def test_a_restored_model_takes_the_same_steps() -> None:
    model = compiled()
    for _ in range(3):
        step(model)
    state = copy.deepcopy(model_state(model))
    losses = [step(model) for _ in range(3)]
    other = compiled(seed=1)
    other.data.seed = model.data.seed
    restore_model(other, state)
    assert [step(other) for _ in range(3)] == losses
    assert torch.equal(weights(other), weights(model))


def test_schedule_and_external_variables_are_part_of_the_state() -> None:
    model = build_model()
    variable = dde.Variable(2.0)
    model.compile("adam", lr=1e-2, external_trainable_variables=variable, verbose=0)
    state = model_state(model)
    assert state["schedule"] is None
    restore_model(model, state | {"external": [torch.tensor(3.0)]})
    assert variable.item() == 3.0
    assert variable.requires_grad


def test_all_generators_go_on_from_where_they_stood() -> None:
    model = compiled()
    state = sampling_state(model)
    assert state["data"] == {"step": 0, "growth": 1.0}

    def draw():
        legacy = np.random.random()  # noqa: NPY002
        return float(torch.rand(())), legacy, random.random()

    first = draw()
    model.data.train_next_batch()
    assert draw() != first
    restore_sampling(model, state)
    assert draw() == first
    assert model.data.state_dict() == {"step": 0, "growth": 1.0}


def test_data_of_deepxde_have_no_state() -> None:
    data = dde.data.DataSet(*[np.zeros((3, 2)), np.zeros((3, 1))] * 2)
    model = dde.Model(data, dde.nn.FNN([2, 3, 1], "tanh", "Glorot normal"))
    assert not isinstance(data, Stateful)
    assert isinstance(compiled().data, Stateful)
    assert "data" not in sampling_state(model)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_one_bad_weight_is_found(value) -> None:
    model = compiled()
    assert has_finite_weights(model)
    with torch.no_grad():
        next(model.net.parameters())[0, 0] = value
    assert not has_finite_weights(model)
