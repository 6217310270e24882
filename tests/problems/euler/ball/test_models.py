"""The Euler ball: residuals, start and wall, presets, equal terms for all models."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from ncl_deepxde.cli import main
from ncl_deepxde.operators import jacobian
from ncl_deepxde.problems.euler.ball import reference, results
from ncl_deepxde.problems.euler.ball.models import (
    MODELS,
    STARTS,
    build_formulation,
    fading_potential,
    initial_residuals,
    is_hard,
    start_density,
    wall_points,
    wall_residual,
)
from ncl_deepxde.problems.euler.ball.problem import PROBLEM

SMOKE = PROBLEM.presets["smoke"]
HARD = [name for name in MODELS if is_hard(name)]
SOFT = [name for name in MODELS if not is_hard(name)]
# What is left of the equations beside the three components of the momentum.
LEFT = {
    "pinn": ["incompressibility", "continuity"],
    "pinn-hard": ["incompressibility", "continuity"],
    "curl": ["continuity"],
    "ncl-vector": ["incompressibility"],
    "ncl-hard": ["incompressibility"],
}


def formulation_of(model, **changes):
    return build_formulation(model, replace(SMOKE.settings(model), **changes))


def built(model, preset=SMOKE, **changes):
    """Build a model of a preset, with other settings."""
    return PROBLEM.build(model, replace(preset.settings(model), **changes), 0)


def rotation(inputs, omega=2.0):
    """A steady solution about the z axis: rho = 2 + (x^2 + y^2)^2, dp/ds = rho w^2 s.

    Columns (rho, m, p).
    """
    x, y = inputs[:, :1], inputs[:, 1:2]
    s2 = x**2 + y**2
    rho, p = 2 + s2**2, omega**2 * (s2 + s2**3 / 6)
    m = rho * omega * torch.cat([-y, x, 0 * x], dim=1)
    return torch.cat([rho, m, p], dim=1)


def points(count):
    """Points of the ball and times."""
    x = torch.nn.functional.normalize(torch.randn(count, 3))
    x = x * torch.rand(count, 1) ** (1 / 3)
    return torch.cat([x, 0.5 * torch.rand(count, 1)], dim=1)


def wall(count):
    x = torch.nn.functional.normalize(torch.randn(count, 3))
    return torch.cat([x, 0.5 * torch.rand(count, 1)], dim=1)


@pytest.mark.parametrize("num_points", [1, 7])
@pytest.mark.parametrize("per_volume", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_residuals_of_a_rotation_vanish(model, per_volume, num_points):
    formulation = formulation_of(model, per_volume=per_volume)
    inputs = points(num_points).requires_grad_()
    found = formulation.residuals(inputs, rotation(inputs))
    assert [r.shape for r in found] == [(num_points, 1)] * (3 + len(LEFT[model]))
    assert list(formulation.weights)[3:] == LEFT[model]
    # Terms are of order 100 (rho^3 w^2): a few roundings each.
    assert max(r.abs().max() for r in found) < 1e-12


@pytest.mark.parametrize("model", MODELS)
def test_every_residual_sees_a_wrong_flow(model):
    formulation = formulation_of(model)
    inputs = points(7).requires_grad_()
    x, y, z = inputs[:, :3].split(1, dim=1)
    wrong = torch.cat([x * y, x, y * z, z, x + y + z], dim=1)
    found = formulation.residuals(inputs, rotation(inputs) + wrong)
    assert all(r.abs().max() > 0.1 for r in found)


def test_rotation_stays_within_the_wall():
    inputs = wall(7)
    (found,) = wall_residual(inputs, rotation(inputs))
    assert found.shape == (7, 1)
    assert found.abs().max() < 1e-14
    (leak,) = wall_residual(inputs, torch.cat([0 * found, inputs], dim=1))
    torch.testing.assert_close(leak, torch.ones(7, 1))


@pytest.mark.parametrize("model", HARD)
def test_hard_models_start_from_the_state_and_keep_the_wall(model):
    net = built(model).model.net
    inputs = points(20) * torch.tensor([1, 1, 1, 0])
    defects = initial_residuals("compatible", inputs, net(inputs))
    assert [d.shape for d in defects] == [(20, 1)] * 4
    # The state passes through polynomials of degree 20, differentiated once.
    assert max(d.abs().max() for d in defects) < 1e-12
    on_wall = wall(20)
    outputs = net(on_wall)
    # The velocity of the start keeps the wall to 3e-15 and the factor w is a rounding.
    assert wall_residual(on_wall, outputs)[0].abs().max() < 1e-13
    assert outputs[:, 1:4].abs().max() > 0.1  # it slips


@pytest.mark.parametrize("start", ["compatible", "printed"])
@pytest.mark.parametrize("model", SOFT)
def test_soft_models_are_asked_for_start_and_wall(model, start):
    data = built(model, start=start).model.data
    initial, at_wall = data.conditions
    x, t = initial.sampler(7, torch.Generator()).split([3, 1], dim=1)
    assert not t.any()
    velocity = STARTS[start](x.T, torch).T
    rho = 1.5 - x.square().sum(dim=1, keepdim=True)
    state = torch.cat([rho, rho * velocity, 0 * rho], dim=1)
    defects = initial.residual(torch.cat([x, t], dim=1), state)
    assert max(d.abs().max() for d in defects) < 1e-14
    on_wall = at_wall.sampler(7, torch.Generator())
    assert (on_wall[:, :3].norm(dim=1) - 1).abs().max() < 1e-14


def test_potential_of_the_start_has_the_divergence_it_needs():
    x = points(7)[:, :3].requires_grad_()
    J = jacobian(fading_potential(x), x)
    divergence = J.diagonal(dim1=1, dim2=2).sum(1, keepdim=True)
    torch.testing.assert_close(divergence, start_density(x) - 0.9)
    assert fading_potential(wall(7)[:, :3]).abs().max() < 1e-15


def test_wall_points_are_on_the_sphere_on_all_sides():
    x = wall_points()
    assert x.shape == (98, 3)
    assert x.mean(dim=0).abs().max() < 1e-15


@pytest.mark.parametrize("model", MODELS)
def test_every_model_builds_and_steps_down(model):
    experiment = built(model)
    experiment.stages[0].compile(experiment.model)
    history, _ = experiment.model.train(iterations=3, display_every=3, verbose=0)
    assert np.sum(history.loss_test[-1]) < np.sum(history.loss_test[0])
    fields = experiment.solution(points(7)[:, :3].numpy(), 0.1)
    shapes = {k: v.shape for k, v in fields.items()}
    assert shapes == {"rho": (7, 1), "u": (7, 3), "p": (7, 1)}


@pytest.mark.parametrize("preset", PROBLEM.presets)
@pytest.mark.parametrize("model", MODELS)
def test_every_preset_builds_every_model(preset, model):
    experiment = built(model, PROBLEM.presets[preset], width=8, depth=1)
    assert len(experiment.stages) == len(experiment.settings.stages)
    experiment.stages[0].compile(experiment.model)


@pytest.mark.parametrize("preset", ["quick", "best", "smoke"])
def test_rivals_have_as_many_points_in_every_stage(preset):
    totals = set()
    for name in MODELS:
        experiment = built(name, PROBLEM.presets[preset])
        data = experiment.model.data
        per_stage = []
        for stage in experiment.stages:
            stage.compile(experiment.model)
            soft = sum(c.num_points for c in data.conditions)
            per_stage.append(data.num_domain + soft)
        totals.add(tuple(per_stage))
    assert len(totals) == 1


def test_paper_preset_has_the_sizes_and_weights_of_the_paper():
    experiment = built("ncl-vector", PROBLEM.presets["paper"])
    # 4 inputs, 4 x 128, 4 potentials and the pressure.
    weights = 4 * 128 + 128 + 3 * (128**2 + 128) + 5 * 128
    assert experiment.model.net.num_trainable_parameters() == weights + 1
    (stage,) = experiment.stages
    assert stage.steps == 10_000
    stage.compile(experiment.model)
    expected = [0.2] * 3 + [0.1] + [30] * 4 + [0.1]
    assert list(experiment.model.loss_weights) == expected


@pytest.mark.fem
@pytest.mark.slow
def test_smoke_run_writes_everything(tmp_path, monkeypatch):
    few = replace(SMOKE, models=("ncl-hard", "pinn"))
    monkeypatch.setitem(PROBLEM.presets, "smoke", few)
    monkeypatch.setattr(results, "FRAMES", 5)
    out = tmp_path / "run"
    assert main(["run", "euler-ball", "--preset", "smoke", "--out", str(out)]) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    fem = metrics["reference"]
    assert fem["mass_drift"] < 1e-10
    # Of coarse curved elements, three to a radius.
    assert 0 < fem["largest_wall_leakage"] < 0.1
    exact = metrics["models"]["ncl-hard"]
    # Single precision, and a rule of 12^3 points for the mass of an untrained network.
    assert exact["wall_leakage"] < 1e-6
    assert exact["mass_drift"] < 1e-6
    assert exact["continuity_relative"] < 1e-5
    assert exact["relative_l2"]["rho"]["0"] < 1e-2
    assert (out / "report.html").exists()
    assert len(list((out / "figures").iterdir())) == 6
    assert (out / "fields" / "ncl-hard.pvd").exists()


def test_missing_dolfinx_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr(reference, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=r"dolfinx.*pip install.*before the run"):
        PROBLEM.compute_reference(SMOKE, tmp_path / "reference.npz")


@pytest.mark.parametrize("model", MODELS)
def test_what_is_left_is_what_its_name_says(model):
    """A flow with rho = 1 + x, u = (x, 0, 0) t and no pressure, by hand."""
    formulation = formulation_of(model, per_volume=False)
    inputs = torch.tensor([[0.5, 0.1, -0.2, 0.3]], requires_grad=True)
    x, t = inputs[:, :1], inputs[:, 3:]
    rho = 1 + x
    outputs = torch.cat([rho, rho * x * t, 0 * x, 0 * x, 0 * x], dim=1)
    found = formulation.residuals(inputs, outputs)
    by_hand = {
        "incompressibility": 1.5 * 0.5 * 0.3,  # m . grad rho, steady density
        "continuity": (1 + 2 * 0.5) * 0.3,  # d/dx of (1 + x) x t
    }
    for name, residual in zip([*formulation.weights][3:], found[3:], strict=True):
        assert residual.item() == pytest.approx(by_hand[name], rel=1e-14)
