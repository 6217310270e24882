"""The Euler ball as the command line sees it: conditions, training, a run."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from euler_flows import ball_points, built

from ncl_deepxde.cli import main
from ncl_deepxde.problems.euler.ball import results
from ncl_deepxde.problems.euler.ball.models import MODELS, STARTS, is_hard
from ncl_deepxde.problems.euler.ball.problem import PROBLEM

SMOKE = PROBLEM.presets["smoke"]
SOFT = [name for name in MODELS if not is_hard(name)]


@pytest.mark.parametrize("start", ["compatible", "printed"])
@pytest.mark.parametrize("model", SOFT)
def test_soft_models_are_asked_for_start_and_wall(model, start):
    data = built(PROBLEM, model, start=start).model.data
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


@pytest.mark.parametrize("model", MODELS)
def test_every_model_builds_and_steps_down(model):
    experiment = built(PROBLEM, model)
    experiment.stages[0].compile(experiment.model)
    history, _ = experiment.model.train(iterations=3, display_every=3, verbose=0)
    assert np.sum(history.loss_test[-1]) < np.sum(history.loss_test[0])
    fields = experiment.solution(ball_points(7)[:, :3].numpy(), 0.1)
    shapes = {k: v.shape for k, v in fields.items()}
    assert shapes == {"rho": (7, 1), "u": (7, 3), "p": (7, 1)}


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
