"""What a preset of the Euler ball may say."""

from dataclasses import replace

import pytest

from ncl_deepxde.problems.euler.ball.presets import PRESETS
from ncl_deepxde.runs import merge

QUICK = PRESETS["quick"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": "sine"}, "start: .*'compatible' or 'printed', got 'sine'"),
        ({"construction": "tensor"}, "construction: .*got 'tensor'"),
        ({"activation": "sin"}, "activation: .*'sharp softplus' or 'tanh', got 'sin'"),
        ({"mean_density": "train"}, "mean_density.*'trained', got 'train'"),
        ({"num_wall": 0}, "num_wall: .*got 0"),
        ({"wall": 0.0}, "wall: .*greater than 0, got 0"),
        ({"ncl-hard": {"continuity": -1.0}}, "continuity: .*got -1"),
        ({"windows": 2}, "windows is no setting"),
    ],
)
def test_values_out_of_bounds_are_refused(changes, message):
    with pytest.raises(ValueError, match=f"BallSettings: .*{message}"):
        replace(QUICK, content=merge(QUICK.content, changes))


@pytest.mark.parametrize("mean", ["trained", 0.9])
def test_mean_density_is_trained_or_a_number(mean):
    changed = replace(QUICK, content=merge(QUICK.content, {"mean_density": mean}))
    assert changed.settings("ncl-vector").mean_density == mean
