"""Settings of optimal transport: merged, completed, and checked."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args, get_type_hints

import pytest

from ncl_deepxde.problems.optimal_transport.discrete import ESTIMATORS
from ncl_deepxde.problems.optimal_transport.objective import TERMINALS
from ncl_deepxde.problems.optimal_transport.presets import PRESETS
from ncl_deepxde.problems.optimal_transport.settings import (
    FlowSettings,
    LFlowSettings,
    ReferenceSamples,
    StageSettings,
)
from ncl_deepxde.runs import merge


def test_settings_are_those_of_case_and_model():
    paper = PRESETS["paper"].settings("lflow", "circles-pinwheel")
    assert isinstance(paper, LFlowSettings)
    assert (paper.case, paper.seeds, paper.times) == ("circles-pinwheel", 3, None)
    assert (paper.batch, paper.terminal, paper.affine) == (683, "squared", False)
    # Of both presets.
    assert (paper.blocks, paper.time_embedding) == (10, (128, 10))
    line = PRESETS["smoke"].settings("icnn", "gaussian1d-modes1d")
    assert (line.box, line.widths, line.betas) == (6.0, (16,), (0.5, 0.9))
    assert line.evaluation.cost.n == 100


def test_stages_take_what_they_leave_out_from_the_model():
    (stage,) = PRESETS["paper"].settings("lflow", "circles-pinwheel").stages
    assert stage == StageSettings(
        steps=5000, terminal_weight=700.0, lr=2e-3, least_lr=2e-3
    )
    first, second = (
        PRESETS["quick"].settings("ncl-subharmonic", "circles-pinwheel").stages
    )
    assert (first.terminal_weight, first.lr, first.least_lr) == (20.0, 3e-3, 1e-3)
    assert (second.terminal_weight, second.lr, second.least_lr) == (200.0, 1e-3, 1e-5)


def test_a_single_size_of_samples_needs_no_list():
    preset = PRESETS["smoke"].with_reference({"n": 50})
    assert preset.settings().reference.n == (50,)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bx": 2.0}, "TransportSettings: bx is no setting"),
        ({"times": 0}, "times: Input should be greater than or equal to 1, got 0"),
        ({"reference": {"n": 1}}, "reference.n.0: .* equal to 2, got 1"),
        ({"reference": {"method": "guess"}}, "reference.method: Input should be"),
        ({"evaluation": {"cost": {"n": 1.5}}}, "evaluation.cost.n: .* got 1.5"),
        ({"lflow": {"terminal": "none"}}, "LFlowSettings: terminal: Input should be"),
        ({"lflow": {"stages": [{"steps": 5}]}}, "stages.0.terminal_weight is missing"),
        ({"lflow": {"width": "16"}}, "width: Input should be a valid integer"),
        ({"ncl-subharmonic": {"affine": True}}, "affine is no setting"),
        ({"icnn": {"betas": [0.5]}}, "ICNNSettings: betas"),
    ],
)
def test_typing_errors_are_refused(changes, message):
    preset = PRESETS["smoke"]
    with pytest.raises(ValueError, match=message):
        replace(preset, content=merge(preset.content, changes))


def test_choices_are_those_of_the_code():
    hints = get_type_hints(FlowSettings), get_type_hints(ReferenceSamples)
    assert get_args(hints[0]["terminal"]) == tuple(TERMINALS)
    assert get_args(hints[1]["method"]) == tuple(ESTIMATORS)
