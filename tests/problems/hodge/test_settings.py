"""What a preset of the Hodge decomposition may say, and what must be in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ncl_deepxde.problems.hodge.presets import PRESETS
from ncl_deepxde.runs import merge

QUICK = PRESETS["quick"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 0}, "batch: .*greater than or equal to 1, got 0"),
        ({"steps": 0}, "steps: .*got 0"),
        ({"hidden": [16, 0]}, r"hidden\.1: .*got 0"),
        ({"loss": "l2"}, "loss: .*'projection', 'curl' or 'divergence', got 'l2'"),
        ({"exact": 1}, "exact: .*boolean, got 1"),
    ],
)
def test_values_out_of_bounds_are_refused(changes, message):
    content = merge(QUICK.content, {"potential": changes})
    with pytest.raises(ValueError, match=f"HodgeModel: {message}"):
        replace(QUICK, content=content)


def test_every_model_needs_steps():
    potential = dict(QUICK.content["potential"])
    del potential["steps"]
    with pytest.raises(ValueError, match="HodgeModel: steps is missing"):
        replace(QUICK, content={**QUICK.content, "potential": potential})


def test_dimension_is_the_case():
    settings = QUICK.settings("potential", "25")
    assert settings.dim == 25
    assert replace(settings, case="7").dim == 7
