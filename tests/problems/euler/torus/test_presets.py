"""Presets of the Euler torus: all fit every model, the paper's sizes and rates."""

import pytest
from euler_flows import built

from ncl_deepxde.nn import NCL
from ncl_deepxde.problems.euler.budgets import AdamBudget, GaussNewtonBudget
from ncl_deepxde.problems.euler.torus.models import MODELS
from ncl_deepxde.problems.euler.torus.presets import PRESETS
from ncl_deepxde.problems.euler.torus.problem import PROBLEM


def test_settings_of_a_model_differ_from_those_of_all():
    common = PRESETS["best"].settings()
    pinn, hard = (PRESETS["best"].settings(m) for m in ("pinn", "ncl-hard"))
    assert (common.per_volume, pinn.per_volume, hard.per_volume) == (True, False, True)
    assert (common.num_domain, pinn.num_domain, hard.num_domain) == (300, 300, 450)
    assert pinn.hidden == [48] * 4
    assert [name for name, _ in hard.schedule] == list(hard.stages)
    assert [b.num_domain for _, b in hard.schedule] == [None, 1000, 2000]
    assert [b.steps for _, b in hard.schedule] == [113, 185, 53]
    assert all(isinstance(b, GaussNewtonBudget) for _, b in hard.schedule)


def test_what_the_paper_leaves_to_the_models_is_there_in_each():
    paper = PRESETS["paper"]
    assert paper.settings().momentum is None
    pinn, exact = paper.settings("pinn"), paper.settings("ncl-matrix")
    assert (pinn.momentum, pinn.continuity) == (1e-2, 1e3)
    assert (exact.momentum, exact.continuity) == (2e-3, None)
    assert exact.potential_scale == 1.0
    ((name, budget),) = exact.schedule
    assert name == "adam"
    assert budget == AdamBudget(lr=5e-4, drop_at=300, drop=0.5, steps=600_000)


@pytest.mark.parametrize("preset", PROBLEM.presets)
def test_every_preset_builds_every_model(preset):
    for model in MODELS:
        experiment = built(PROBLEM, model, preset, width=8, depth=1)
        settings = experiment.settings
        number = settings.windows if model.endswith("hard") else 1
        assert len(experiment.stages) == number * len(settings.stages)
        experiment.stages[0].compile(experiment.model)


def test_paper_preset_has_the_sizes_and_rates_of_the_paper():
    experiment = built(PROBLEM, "ncl-matrix", "paper")
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
