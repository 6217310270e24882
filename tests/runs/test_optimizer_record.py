"""What the log says of an optimizer's last step: plain JSON, or nothing."""

import json
import math
from types import SimpleNamespace

import pytest

from ncl_deepxde.optimizers.gauss_newton.history import StepRecord
from ncl_deepxde.runs.optimizer_record import as_json, last_step

RECORD = StepRecord(3, 2.0, 1.0, 1e-3, 0.5, 0.9, 2, 0.1, (30, 20))


@pytest.mark.parametrize("history", [[], {}, None, ["adam"], [RECORD, 1.0]])
def test_other_histories_are_none(history):
    assert last_step(SimpleNamespace(history=history)) is None
    assert last_step(SimpleNamespace()) is None


def test_the_newest_step_is_the_last():
    newest = StepRecord(4, 1.0, 0.5, 1e-3, 0.5, 0.9, 2, 0.1, (30, 20))
    assert last_step(SimpleNamespace(history=[RECORD, newest])) is newest


def test_json_has_lists_and_null_for_what_is_not_finite():
    lost = StepRecord(3, 2, 1, 1e-3, 0.5, 0.9, 2, 0.1, (30, 20), None, math.inf)
    found = as_json(lost)
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == found
    assert found["shape"] == [30, 20]
    assert found["held_out"] is None
    assert found["best"] is None
    assert (found["step"], found["size"], found["is_kept"]) == (3, 0.5, True)
