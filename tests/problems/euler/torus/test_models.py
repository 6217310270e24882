"""The Euler torus: residuals, initial state, presets, equal terms for all models."""

from dataclasses import replace

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.nn import NCL
from ncl_deepxde.problems.euler.equations import flow_residuals
from ncl_deepxde.problems.euler.torus.initial_state import density, velocity
from ncl_deepxde.problems.euler.torus.models import (
    MODELS,
    closure_residuals,
    initial_residuals,
    periodic_features,
)
from ncl_deepxde.problems.euler.torus.problem import PROBLEM

SMOKE = PROBLEM.presets["smoke"]


def built(model, preset=SMOKE, seed=0, **changes):
    """Build a model of a preset, with other settings."""
    return PROBLEM.build(model, replace(preset.settings(model), **changes), seed)


def shear_flow(inputs):
    """An exact solution: rho(y), u = (f(y), 0), p = 3; columns (rho, m, p)."""
    y = inputs[:, 1:2]
    rho = 2 + torch.sin(2 * torch.pi * y)
    m = rho * torch.exp(torch.cos(2 * torch.pi * y))
    zero = 0 * inputs[:, :1]
    return torch.cat([rho, m, zero, 3 + zero], dim=1)


@pytest.mark.parametrize("num_points", [1, 7])
@pytest.mark.parametrize(("with_continuity", "number"), [(False, 3), (True, 4)])
@pytest.mark.parametrize("per_volume", [False, True])
def test_residuals_of_an_exact_solution_vanish(
    per_volume, with_continuity, number, num_points
):
    inputs = torch.rand(num_points, 3, requires_grad=True)
    found = flow_residuals(
        inputs,
        shear_flow(inputs),
        per_volume=per_volume,
        with_continuity=with_continuity,
    )
    assert [r.shape for r in found] == [(num_points, 1)] * number
    # Terms are of order 30 (2 pi times rho^2 u^2): a few roundings each.
    assert max(r.abs().max() for r in found) < 1e-12


def test_residuals_see_a_wrong_flow():
    inputs = torch.rand(7, 3, requires_grad=True)
    outputs = shear_flow(inputs) + torch.tensor([0, 0, 1.0, 0])
    found = flow_residuals(inputs, outputs, per_volume=False)
    assert all(r.abs().max() > 0.1 for r in found)
    # Force and incompressibility in physical units: less by rho^2 and rho.
    rho = outputs[:, :1].detach()
    scaled = flow_residuals(inputs, outputs, per_volume=True)
    for r, s, power in zip(found, scaled, (2, 2, 1), strict=True):
        torch.testing.assert_close(s, r / rho**power)


def test_closure_of_a_shear_flow_vanishes():
    flow = shear_flow(torch.rand(7, 3))
    rho, m, zero, p = flow.split(1, dim=1)
    columns = [rho, m, zero, m * m / rho + p, zero, p, m / rho, zero]
    found = closure_residuals(torch.rand(7, 3), torch.cat(columns, dim=1))
    assert [r.shape for r in found] == [(7, 1)] * 4
    assert max(r.abs().max() for r in found) < 1e-13


def test_initial_residuals_vanish_for_the_initial_state_only():
    x = np.random.default_rng(0).random((7, 2))
    rho, u = density(x.T), velocity(x.T)
    state = np.vstack([rho, rho * u, 0 * rho]).T
    inputs = torch.as_tensor(np.hstack([x, np.zeros((7, 1))]))
    defects = initial_residuals(inputs, torch.as_tensor(state))
    assert [r.shape for r in defects] == [(7, 1)] * 3
    assert max(r.abs().max() for r in defects) < 1e-14 * 30
    wrong = initial_residuals(inputs, torch.as_tensor(state) + 1)
    assert torch.allclose(torch.cat(wrong), torch.ones(21, 1, dtype=torch.float64))


def test_initial_state_has_the_mean_the_networks_are_given():
    axis = (np.arange(32) + 0.5) / 32
    x = np.stack(np.meshgrid(axis, axis)).reshape(2, -1)
    net = built("ncl-matrix").model.net
    mean = density(x).mean()
    # The uniform sum is exact for trigonometric polynomials of low degree.
    assert mean == pytest.approx(float(net.fixed[0]), abs=1e-13)


def test_features_of_the_plain_network_are_periodic():
    inputs = torch.rand(7, 3)
    features = periodic_features(3)
    shifted = inputs + torch.tensor([1.0, -2.0, 0.0])
    assert features(inputs).shape == (7, 13)
    assert torch.allclose(features(inputs), features(shifted), atol=1e-13)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_builds_and_steps_down(model):
    experiment = built(model)
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


@pytest.mark.parametrize("preset", PROBLEM.presets)
def test_every_preset_builds_every_model(preset):
    for model in MODELS:
        experiment = built(model, PROBLEM.presets[preset], width=8, depth=1)
        settings = experiment.settings
        number = settings.windows if model.endswith("hard") else 1
        assert len(experiment.stages) == number * len(settings.stages)
        experiment.stages[0].compile(experiment.model)


@pytest.mark.parametrize("is_hard", [False, True])
def test_rivals_see_the_same_points(is_hard):
    names = [name for name in MODELS if name.endswith("hard") == is_hard]
    first, *others = (
        built(name, seed=3).model.data.train_next_batch()[0] for name in names
    )
    assert len(others) >= 1
    assert all(torch.equal(first, points) for points in others)


def test_windows_divide_the_time_and_the_budget():
    experiment = built("ncl-hard", windows=3)
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


@pytest.mark.parametrize("model", ["pinn-hard", "ncl-hard"])
def test_hard_models_start_from_the_state_and_join_at_the_seams(model):
    net = built(model, windows=2).model.net
    x = torch.rand(20, 2)
    at = [torch.cat([x, torch.full((20, 1), t)], dim=1) for t in (0.0, 1 / 6)]
    start = initial_residuals(at[0], net(at[0]))
    assert max(r.abs().max() for r in start) < 1e-13 * 30
    before, after = (part(at[1])[:, :3] for part in net.nets)
    torch.testing.assert_close(before, after, rtol=1e-12, atol=1e-12)


def test_paper_preset_has_the_sizes_and_rates_of_the_paper():
    experiment = built("ncl-matrix", PROBLEM.presets["paper"])
    net = experiment.model.net
    assert isinstance(net, NCL)
    # 5 features, 8 x 512, 4 outputs: 5*512 + 7*512^2 + 4*512 weights, 8*512 biases,
    # the bias of the pressure and the two components of the mean momentum.
    assert net.num_trainable_parameters() == 9 * 512 + 7 * 512**2 + 8 * 512 + 3
    (stage,) = experiment.stages
    assert stage.steps == 600_000
    stage.compile(experiment.model)
    rates = []
    for _ in range(302):
        rates.append(experiment.model.opt.param_groups[0]["lr"])
        experiment.model.opt.step()
        experiment.model.lr_scheduler.step()
    assert rates[0] == rates[299] == 5e-4
    assert rates[300] == rates[301] == 2.5e-4
    assert list(experiment.model.loss_weights) == [2e-3, 2e-3, 1e-2, 30, 30, 30]


def test_presets_are_built_in_the_float_type_in_force():
    dde.config.set_default_float("float32")
    net = built("ncl-matrix").model.net
    assert {p.dtype for p in net.parameters()} == {torch.float32}
