"""Presets of optimal transport: any pair of densities."""

from __future__ import annotations

import pytest

from ncl_deepxde.problems.optimal_transport.models import MODELS
from ncl_deepxde.problems.optimal_transport.presets import PRESETS, SCHEMAS
from ncl_deepxde.problems.optimal_transport.problem import PROBLEM


def test_a_preset_takes_any_pair():
    presets = PROBLEM.presets
    assert "quick@moons-circles" in presets
    content = presets["quick@moons-circles"].content
    assert content["cases"] == {"moons-circles": {"box": None}}
    assert content["lflow"] == presets["quick"].content["lflow"]
    assert "nothing@moons-circles" not in presets
    assert "nothing" not in presets
    with pytest.raises(ValueError, match="target: must be one of circles"):
        presets["quick@moons-nothing"]
    with pytest.raises(ValueError, match="pair: must be two names"):
        presets["quick@"]


def test_a_pair_on_a_line_has_its_box_and_grid():
    (case,) = PRESETS["smoke@gaussian1d-narrow1d"].cases
    settings = PRESETS["smoke@gaussian1d-narrow1d"].settings("lflow", case)
    assert settings.box is None
    assert settings.evaluation.mass_grid == 2000
    # What the case does not change stays, also beside what it changes.
    assert settings.evaluation.frames == 3


def test_settings_are_of_the_models_of_the_problem():
    assert list(SCHEMAS) == list(MODELS)
