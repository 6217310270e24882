"""Presets of the Hodge decomposition: all fit, none makes the task too easy."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_models import EXACT

from ncl_deepxde.problems.hodge.models import MODELS
from ncl_deepxde.problems.hodge.presets import PRESETS
from ncl_deepxde.problems.hodge.settings import HodgeModel
from ncl_deepxde.runs import merge


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_the_settings_of_every_model_and_case(name, model):
    preset = PRESETS[name]
    assert preset.cases
    for case in preset.cases:
        settings = preset.settings(model, case)
        assert isinstance(settings, HodgeModel)
        assert settings.dim == int(case)
        assert settings.hidden == tuple(preset.content[model]["hidden"])
        assert bool(settings.hidden_gradient) == (model == "both-parts")


def test_case_counts_over_what_all_share():
    assert not PRESETS["smoke"].settings("potential", "2").exact
    assert PRESETS["smoke"].settings("potential", "4").exact


def test_target_is_not_in_the_class_of_the_models():
    # The target is one layer of sines, the potential of its gradient two.
    seen = 0
    for preset in PRESETS.values():
        for model in MODELS:
            settings = preset.settings(model, preset.cases[0])
            if settings.activation != "sin":
                continue
            seen += 1
            if model in EXACT:
                assert len(settings.hidden) > 1
            if model in ("potential", "both-parts"):
                assert len(settings.hidden_gradient or settings.hidden) > 2
    assert seen == len(MODELS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": "sgd"}, "optimizer: .*'soap' or 'adam', got 'sgd'"),
        ({"activaton": "sin"}, "activaton is no setting"),
        ({"potential": {"batsh": 8}}, "batsh is no setting"),
        ({"potental": {"batch": 8}}, "potental is no setting"),
        ({"cases": {"25": {"widht": 8}}}, "widht is no setting"),
        ({"evaluation": {"point": 8}}, r"evaluation\.point is no setting"),
    ],
)
def test_typing_errors_are_refused(changes, message):
    preset = PRESETS["quick"]
    with pytest.raises(ValueError, match=message):
        replace(preset, content=merge(preset.content, changes))
