"""The models of the simulated fluid flow: networks, terms of the loss, points."""

import numpy as np
import pytest
import torch
from exact_network import CASES, built

from ncl_deepxde.problems.fluid_flow.models import MODELS, build_model, normal_velocity
from ncl_deepxde.problems.fluid_flow.presets import PRESETS
from ncl_deepxde.problems.fluid_flow.regions import EXTENT, HORIZON


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("model", MODELS)
def test_every_model_builds_and_steps_down(model, case):
    experiment = built(model, case)
    dim = int(case[0])
    *_, last = experiment.stages
    last.compile(experiment.model)
    history, _ = experiment.model.train(iterations=10, display_every=10, verbose=0)
    assert np.sum(history.loss_test[-1]) < np.sum(history.loss_test[0])
    names = experiment.model.data.loss_names
    assert names[:2] == ["density", "velocity"]
    assert len(experiment.model.loss_weights) == len(names)
    fields = experiment.solution(0.9 * EXTENT * torch.rand(7, dim).numpy(), 0.3)
    assert (fields["rho"].shape, fields["u"].shape) == ((7, 1), (7, dim))


def test_rivals_see_the_same_observations():
    data = [built(m, "2d").model.data for m in ("lflow", "pinn", "ncl-subharmonic")]
    first, *others = (d.train_next_batch()[0] for d in data)
    assert first.shape == (128, 3)
    assert all(torch.equal(first, points) for points in others)


@pytest.mark.parametrize("dim", [2, 3])
def test_collocation_points_have_time_last(dim):
    condition = built("pinn", f"{dim}d").model.data.conditions[0]
    points = condition.sampler(512, torch.Generator().manual_seed(0))
    assert points.shape == (512, dim + 1)
    assert 0 <= points[:, dim].min() < 0.01 < 1.19 < points[:, dim].max() <= HORIZON
    assert (points[:, :dim].min(0).values < -3.9).all()
    assert (points[:, :dim].max(0).values > 3.9).all()


def test_normal_velocity_points_outward():
    x = EXTENT * torch.tensor([[1.0, 0.2], [-1.0, 0.2], [0.3, 1.0], [0.3, -1.0]])
    u = torch.tensor([[5.0, 7.0]]).expand(4, 2)
    found = normal_velocity(torch.cat([x, torch.rand(4, 1)], dim=1), u)
    assert torch.equal(found, torch.tensor([[5.0], [-5.0], [7.0], [-7.0]]))


def test_settings_without_a_model_are_refused():
    with pytest.raises(ValueError, match="settings: must be those of one of lflow"):
        build_model(PRESETS["smoke"].settings(case="2d"))
