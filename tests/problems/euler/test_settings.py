"""What presets of the Euler problems may say."""

from dataclasses import replace

import pytest

from ncl_deepxde.problems.euler.ball.problem import PROBLEM as BALL
from ncl_deepxde.problems.euler.settings import Discretization
from ncl_deepxde.problems.euler.torus.problem import PROBLEM as TORUS
from ncl_deepxde.runs import merge

PROBLEMS = pytest.mark.parametrize("problem", [TORUS, BALL], ids=lambda p: p.name)


def changed(problem, changes):
    """Declare the quick preset of a problem with other content."""
    preset = problem.presets["quick"]
    return replace(preset, content=merge(preset.content, changes))


@PROBLEMS
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"widht": 48}, "widht is no setting"),
        ({"width": "48"}, "width: .*got '48'"),
        ({"points": "sobol"}, "points: .*'uniform' or 'kronecker'.*got 'sobol'"),
        ({"reference": {"cells": 8}}, "reference.cells is no setting"),
        ({"stages": ["adma"]}, "stages.0: .*'adam'.*got 'adma'"),
        ({"stages": []}, "stages: .*got \\[\\]"),
        ({"stages": ["nncg"]}, "stages: .*every stage needs a budget, 'nncg' has none"),
        ({"adam": {"lr": 1e-2}}, "adam: .*steps or seconds must be given"),
        ({"adam": {"steps": 0, "lr": 1e-2}}, "adam.steps: .*got 0"),
        ({"adam": {"steps": 5, "rl": 1e-2}}, "adam.lr is missing; adam.rl is no sett"),
        ({"adam": {"steps": 5, "lr": 1e-2, "drop": 0.5}}, "adam.drop: .*drop_at"),
        ({"gauss-newton": {"options": {"dampnig": 1}}}, "dampnig is no setting"),
        ({"most points": {"steps": 5}}, "most points: .*'optimizer'"),
        ({"most points": {"optimizer": "sgd"}}, "most points: .*'sgd'.*'adam'"),
        ({"ncl-hard": {"num_domian": 9}}, "num_domian is no setting"),
    ],
)
def test_typing_errors_in_a_preset_are_refused(problem, changes, message):
    with pytest.raises(ValueError, match=message):
        changed(problem, changes)


@PROBLEMS
def test_reference_can_be_finer(problem):
    preset = problem.presets["quick"]
    dt = preset.settings().reference.dt
    finer = preset.with_reference({"n": 99}).settings().reference
    assert finer == Discretization(n=99, dt=dt)
    with pytest.raises(ValueError, match=r"reference\.n: .*got 0"):
        preset.with_reference({"n": 0})
