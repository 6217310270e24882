"""The models of the bird migration: networks, terms of the loss, points."""

from dataclasses import replace

import deepxde as dde
import numpy as np
import pytest
import torch
from migration_network import built

from ncl_deepxde.problems.bird_migration.models import (
    MODELS,
    build_model,
    velocity_noise,
)
from ncl_deepxde.problems.bird_migration.presets import PRESETS
from ncl_deepxde.problems.bird_migration.problem import PROBLEM
from ncl_deepxde.problems.bird_migration.units import Units

SMOKE = PRESETS["smoke"]


@pytest.mark.parametrize("model", MODELS)
def test_every_model_builds_and_steps_down(model):
    experiment = built(model)
    *_, last = experiment.stages
    last.compile(experiment.model)
    history, _ = experiment.model.train(iterations=10, display_every=10, verbose=0)
    assert np.sum(history.loss_test[-1]) < np.sum(history.loss_test[0])
    names = experiment.model.data.loss_names
    assert names[:2] == ["density", "velocity"]
    assert len(experiment.model.loss_weights) == len(names)


def test_networks_do_not_know_what_held_out_radars_measured(campaign, monkeypatch):
    density = campaign.density.copy()
    density[np.isin(campaign.labels, campaign.held_out)] *= 1000
    other, weights = replace(campaign, density=density), []
    for seen in (campaign, other):
        monkeypatch.setattr(PROBLEM, "campaign", lambda settings, seen=seen: seen)
        torch.manual_seed(0)
        weights.append(built("lflow").model.net.state_dict())
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


def test_mass_penalty_counts_birds(campaign):
    model = build_model(SMOKE.settings("lflow"), campaign.units, 2.0)
    ((penalty, weight),) = model.penalties
    # The mean density fills a cube of side 2 in network coordinates.
    birds = 2.0 * 8 * campaign.units.volume
    found = float(penalty.value(model.net).detach())
    assert found == pytest.approx(np.log1p(birds))
    assert weight == 1e-3


def test_collocation_points_have_time_last_and_the_residual_is_per_day(campaign):
    term = build_model(SMOKE.settings("pinn"), campaign.units, 1.0).terms[2]
    points = term.condition.sampler(256, torch.Generator().manual_seed(0))
    low, high = points.min(0).values, points.max(0).values
    assert torch.allclose(low, torch.tensor(campaign.units.low), atol=0.05)
    assert torch.allclose(high, torch.tensor(campaign.units.high), atol=0.05)
    inputs = points[:5].requires_grad_()
    growing = torch.cat([3 * inputs[:, 3:], torch.zeros(5, 3) * inputs[:, :1]], dim=1)
    (residual,) = term.condition.residual(inputs, growing)
    # Three units in half a day.
    torch.testing.assert_close(residual, torch.full((5, 1), 6.0))
    dde.gradients.gradients.clear()


def test_velocity_residuals_count_in_1000_km_per_day():
    units = Units.of(np.array([[0.0, 0, 0.1, 0], [900.0, 400, 4.9, 60]]))
    one = units.velocity_in(np.full((1, 3), 1000 / 24))
    squares = np.square(one / velocity_noise(units))
    np.testing.assert_allclose(squares, [[1.0, 1.3, 1.0]])


def test_settings_without_a_model_are_refused(campaign):
    with pytest.raises(ValueError, match="settings: must be those of one of lflow"):
        build_model(SMOKE.settings(), campaign.units, 1.0)
