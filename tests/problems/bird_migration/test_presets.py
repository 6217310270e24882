"""Presets of the bird migration: what each model sees, and when."""

import numpy as np
import pytest

from ncl_deepxde.problems.bird_migration.models import build_model
from ncl_deepxde.problems.bird_migration.presets import PRESETS
from ncl_deepxde.problems.bird_migration.problem import PROBLEM
from ncl_deepxde.problems.bird_migration.selection import read_campaign
from ncl_deepxde.problems.bird_migration.settings import SCHEMAS


def test_presets_and_settings_are_of_the_models_of_the_problem():
    assert list(SCHEMAS) == list(PROBLEM.models)
    assert PRESETS["quick"].models == tuple(SCHEMAS)


def test_settings_merge_the_model_into_the_preset_and_the_case():
    settings = PRESETS["mass-sweep"].settings("lflow", "mass-0.1")
    assert (settings.mass, settings.case) == (0.1, "mass-0.1")
    # From the short presets, the quick one and that of the paper.
    assert settings.adam.steps == 750
    assert settings.adam.lr == 5e-3
    assert settings.adam.clip == 1.0
    assert settings.box.plane == 10.0
    assert settings.evaluation.box.plane == 9.9


@pytest.mark.parametrize("model", SCHEMAS)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_the_settings_of_every_model(preset, model, campaign):
    for case in PRESETS[preset].cases or (None,):
        settings = PRESETS[preset].settings(model, case)
        net = build_model(settings, campaign.units, 1.0).net
        assert net.dim == 3
        assert net.output == "velocity"


def test_paper_preset_has_the_batches_and_weights_of_the_code(campaign):
    # 3 (1.44 [km/min]^2), with 1 km/min = 1.44 (1000 km/day).
    weights = {"lflow": 3 / 1.44, "slda": 2.5, "mlp": 10, "pinn": 1}
    for name, weight in weights.items():
        settings = PRESETS["paper"].settings(name)
        model = build_model(settings, campaign.units, 1.0)
        assert model.weights()[:2] == [1, weight]
        assert settings.num_observations == 16384
        assert settings.seeds == 15


def test_preset_with_times_takes_what_is_between():
    preset = PRESETS["smoke@2018-04-06T12:00..2018-04-07T12:00"]
    settings = preset.settings()
    campaign = read_campaign([], settings.data, settings.reference)
    last = campaign.start + np.timedelta64(int(3600 * campaign.points[:, 3].max()), "s")
    assert campaign.start >= np.datetime64("2018-04-06T12:00")
    assert np.datetime64("2018-04-07T03:00") < last < np.datetime64("2018-04-07T12:00")


@pytest.mark.parametrize(
    "choice", ["2018-04-06", "2018-04-07..2018-04-06", "a..b", "..", "2018-04-06.."]
)
def test_preset_with_bad_times_is_refused(choice):
    assert f"quick@{choice}" in PRESETS
    with pytest.raises(ValueError, match=r"must be START\.\.END, two times in UTC"):
        PRESETS[f"quick@{choice}"]
