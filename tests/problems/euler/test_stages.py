"""The stages of the Euler torus: every optimizer trains every kind of network."""

from dataclasses import replace
from typing import get_args

import deepxde as dde
import pytest
import torch
from deepxde.optimizers.pytorch.nncg import NNCG

from ncl_deepxde.problems.euler.budgets import AdamBudget, StageBudget
from ncl_deepxde.problems.euler.stages import TolerantNNCG, stage
from ncl_deepxde.problems.euler.torus.problem import PROBLEM
from ncl_deepxde.runs import merge
from ncl_deepxde.runs.training import train

SMOKE = PROBLEM.presets["smoke"]
BUDGETS = {
    "adam": {"steps": 20, "lr": 1e-2},
    "l-bfgs": {"steps": 2, "options": {"max_iter": 5}},
    "nncg": {"steps": 2, "options": {"rank": 5, "cg_max_iters": 5}},
    "gauss-newton": {"steps": 2},
}


def settings_of(model, name, **budget):
    """Return the settings of a model that one optimizer trains with few points."""
    changes = {"num_domain": 40, "num_initial": 40, "stages": [name], name: budget}
    others = {k: v for k, v in SMOKE.content.items() if k != name}
    return replace(SMOKE, content=merge(others, changes)).settings(model)


def trained(tmp_path, model, name, **budget):
    """Train from the same weights for a budget; return the model and its losses."""
    settings = settings_of(model, name, **{**BUDGETS[name], **budget})
    dde.config.set_random_seed(0)
    experiment = PROBLEM.build(model, settings, 0)
    seen = []

    class Watch(dde.callbacks.Callback):
        def on_batch_end(self):
            seen.append(self.model.train_state.X_train.detach().clone())

    result = train(
        experiment.model,
        experiment.stages,
        tmp_path,
        name=model,
        progress=False,
        callbacks=[Watch()],
    )
    assert result.steps == len(seen) == (budget or BUDGETS[name])["steps"]
    return experiment.model, result.loss, seen


def test_all_stages_are_tested():
    (budgets, _) = get_args(StageBudget)
    assert len(BUDGETS) == len(get_args(budgets))


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
@pytest.mark.parametrize("model", ["pinn", "ncl-matrix"])
@pytest.mark.parametrize("name", BUDGETS)
def test_stage_steps_down_at_fixed_points(tmp_path, name, model):
    steps = BUDGETS[name]["steps"]
    fixed = {"resample_every": steps + 1}
    # The loss of a result is the one that the last step starts from.
    _, first, _ = trained(tmp_path, model, name, steps=1, **fixed)
    _, last, seen = trained(tmp_path, model, name, steps=steps + 1, **fixed)
    assert last < 0.9 * first
    assert all(torch.equal(points, seen[0]) for points in seen)


@pytest.mark.parametrize("name", ["adam", "l-bfgs"])
def test_points_change_every_so_many_steps(tmp_path, name):
    _, _, seen = trained(tmp_path, "pinn", name, steps=5, resample_every=2)
    same = [torch.equal(a, b) for a, b in zip(seen[1:], seen[:-1], strict=True)]
    assert same == [True, False, True, False]


def test_stage_sees_as_many_points_as_its_budget_says(tmp_path):
    settings = settings_of("pinn", "adam", steps=1, lr=1e-2)
    first, more = (
        AdamBudget(steps=2, lr=1e-2, **n)
        for n in ({}, {"num_domain": 70, "num_initial": 50})
    )
    experiment = PROBLEM.build("pinn", settings, 0)
    stages = [stage(n, b, [1.0] * 7) for n, b in {"first": first, "more": more}.items()]
    seen = []

    class Watch(dde.callbacks.Callback):
        def on_batch_end(self):
            points = len(self.model.train_state.X_train)
            calls = self.model.data.calls(self.model.net)
            seen.append((points, *(len(c.inputs()) for c in calls[1:])))

    train(
        experiment.model,
        stages,
        tmp_path,
        name="pinn",
        progress=False,
        callbacks=[Watch()],
    )
    assert seen == [(40, 40)] * 2 + [(70, 50)] * 2


@pytest.mark.parametrize(("steps", "most"), [(4, 20), (5, 5)])
def test_lbfgs_forgets_when_points_change(tmp_path, steps, most):
    """Up to five iterations a step: torch also ends a step after six evaluations."""
    model, _, _ = trained(tmp_path, "pinn", "l-bfgs", steps=steps, resample_every=4)
    (state,) = model.opt.state.values()
    assert most / 2 < state["n_iter"] <= most


def test_stage_without_a_number_has_new_points_after_one_with(tmp_path):
    model, _, _ = trained(tmp_path, "pinn", "l-bfgs", steps=1, resample_every=3)
    stage("adam", AdamBudget(**BUDGETS["adam"]), [1.0] * 7).compile(model)
    assert model.data.resample_every == 1


def test_nncg_goes_on_where_its_preconditioner_fails(monkeypatch):
    """With the identity in its place, conjugate gradients still find Newton's step."""

    def fail(*_):
        raise torch.linalg.LinAlgError

    monkeypatch.setattr(NNCG, "_update_preconditioner", fail)
    curvature, mu = torch.linspace(1, 2, 7), 0.5
    x = torch.nn.Parameter(torch.ones(7))
    optimizer = TolerantNNCG([x], rank=3, mu=mu, cg_tol=1e-12)
    optimizer.step(lambda: (curvature * x**2).sum() / 2)
    # x - (H + mu)^-1 H x, up to the tolerance of conjugate gradients
    torch.testing.assert_close(x.detach(), mu / (curvature + mu), atol=1e-11, rtol=0)


def test_unknown_stage_is_refused():
    with pytest.raises(ValueError, match=r"stages.*'adam'.*'sgd'"):
        settings_of("pinn", "sgd", steps=1)
