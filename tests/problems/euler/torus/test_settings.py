"""What a preset of the Euler torus may say, and what must be in it."""

from dataclasses import replace

import pytest

from ncl_deepxde.problems.euler.torus.presets import PRESETS
from ncl_deepxde.runs import merge


def test_a_plain_network_needs_a_weight_of_continuity():
    content = dict(PRESETS["quick"].content)
    del content["continuity"]
    with pytest.raises(ValueError, match="PlainSettings: continuity is missing"):
        replace(PRESETS["quick"], content=content)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"windows": 0}, "TorusSettings: windows: .*got 0"),
        ({"harmonics": 0}, "TorusSettings: harmonics: .*got 0"),
        ({"momentum": -1.0}, "TorusSettings: momentum: .*greater than 0, got -1"),
        ({"activation": "relu"}, "activation: .*'sin' or 'tanh', got 'relu'"),
        ({"pinn": {"potential_scale": 1.0}}, "potential_scale is no setting"),
        ({"ncl-hard": {"potential_scale": 0.0}}, "ExactSettings: potential_scale: "),
        ({"ncl-hard": {"scale": None}}, "ExactSettings: scale: .*got None"),
    ],
)
def test_values_out_of_bounds_are_refused(changes, message):
    quick = PRESETS["quick"]
    with pytest.raises(ValueError, match=message):
        replace(quick, content=merge(quick.content, changes))
