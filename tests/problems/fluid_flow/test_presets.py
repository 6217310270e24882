"""Presets of the simulated fluid flow: what each model sees."""

import pytest
from exact_network import built

from ncl_deepxde.problems.fluid_flow.presets import PRESETS
from ncl_deepxde.problems.fluid_flow.problem import PROBLEM
from ncl_deepxde.problems.fluid_flow.settings import SCHEMAS


def test_presets_and_settings_are_of_the_models_of_the_problem():
    assert list(SCHEMAS) == list(PROBLEM.models)
    assert set(PRESETS["quick"].models) == set(SCHEMAS)


def test_settings_merge_the_model_into_the_case():
    settings = PRESETS["quick"].settings("pinn", "2d")
    assert (settings.case, settings.dim, settings.seeds) == ("2d", 2, 2)
    # From the preset, the paper's plane, and all presets.
    assert settings.adam.lr == 5e-3
    assert settings.adam.least_lr == 1e-7
    assert settings.evaluation.least_density == 0.1
    assert settings.frequency == 12.0
    assert PRESETS["quick"].settings("slda", "2d").pretraining.num_observations == 4096


def test_grid_of_the_reference_can_be_changed_within_reason():
    preset = PRESETS["smoke"].with_reference({"n": 32, "dt": 0.5})
    assert preset.settings(case="2d").reference.n == 32
    with pytest.raises(ValueError, match=r"reference.dt: .*greater than 0, got -1"):
        preset.with_reference({"dt": -1})


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_builds_every_model(preset):
    for model in SCHEMAS:
        for case in PRESETS[preset].cases:
            experiment = built(model, case, preset)
            assert experiment.model.net.dim == int(case[0])
            assert experiment.settings.case == case


def test_paper_preset_has_the_batches_weights_and_steps_of_the_code():
    assert PRESETS["paper"].cases == ("2d", "3d")
    assert PRESETS["paper"].settings(case="2d").seeds == 10
    for case, velocity, steps in (("2d", 5.951e-5, 2000), ("3d", 1.3967e-5, 2000)):
        experiment = built("lflow", case, "paper")
        (stage,) = experiment.stages
        assert stage.steps == steps
        stage.compile(experiment.model)
        assert list(experiment.model.loss_weights)[:2] == [1.0, velocity]
        assert experiment.model.data.num_observations == 16384
    start, main = built("slda", "2d", "paper").stages
    assert (start.steps, main.steps) == (5, 3000)
    assert built("pinn", "3d", "paper").model.data.conditions[0].num_points == 65536
