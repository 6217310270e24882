"""Presets of the cavity: all fit their classes, the sizes rise."""

from ncl_deepxde.problems.cavity.models import MODELS
from ncl_deepxde.problems.cavity.presets import PRESETS


def test_sizes_rise_from_smoke_to_best():
    for model in MODELS:
        smoke, quick, best = (
            PRESETS[name].settings(model) for name in ("smoke", "quick", "best")
        )
        assert smoke.steps < quick.steps < best.steps
        assert smoke.reference.h > quick.reference.h > best.reference.h
        assert sum(smoke.hidden) < sum(quick.hidden) < sum(best.hidden)
