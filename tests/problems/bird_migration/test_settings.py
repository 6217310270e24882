"""Settings of the bird migration: what is out of range or unknown is refused."""

from dataclasses import replace

import pytest

from ncl_deepxde.problems.bird_migration.presets import PRESETS
from ncl_deepxde.runs import merge


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mlp": {"depth": 5}}, "BirdMlp: depth is no setting"),
        ({"lflow": {"affine": 1}}, "BirdLFlow: affine: .*boolean, got 1"),
        ({"lflow": {"box": {"plane": 0}}}, "box.plane: .*greater than 0, got 0"),
        ({"data": {"clock": "noon"}}, "data.clock: .*'utc' or 'dusk', got 'noon'"),
        ({"mpl": {"blocks": 2}}, "BirdSettings: mpl is no setting"),
    ],
)
def test_a_slip_in_a_preset_is_refused(changes, said):
    preset = PRESETS["smoke"]
    with pytest.raises(ValueError, match=said):
        replace(preset, content=merge(preset.content, changes))
