"""The reference of the Hodge decomposition: the known parts, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ncl_deepxde.problems.hodge.measures import points
from ncl_deepxde.problems.hodge.presets import PRESETS
from ncl_deepxde.problems.hodge.reference import compute, describe, load
from ncl_deepxde.problems.hodge.target import Target

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


def test_reference_knows_the_parts(tmp_path):
    path = tmp_path / "reference.npz"
    changes = {"cases": {"2": {}, "3": {"gradient": None}}, "gradient": 0.5}
    preset = PRESETS["quick"]
    compute(replace(preset, content={**preset.content, **changes}), path)
    targets, found = load(path), describe(path)
    x = points(3, 4)
    assert torch.equal(targets["3"](x), Target(3)(x))
    assert torch.equal(targets["2"](x[:, :2]), Target(2, gradient=0.5)(x[:, :2]))
    # Means of 20,000 and of 4096 points.
    ratio = found["error_of_the_field_itself"]
    assert ratio["2"] == pytest.approx(0.25, rel=0.1)
    assert found["mean_square_gradient"]["3"] == pytest.approx(
        ratio["3"] * found["mean_square_eta"]["3"]
    )
