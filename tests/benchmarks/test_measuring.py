"""What the benchmarks share."""

import importlib
import time
from pathlib import Path

import deepxde as dde
import pytest
import torch

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def measuring(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("measuring")


def test_steps_take_turns(measuring):
    done = []
    steps = {name: lambda name=name: done.append(name) for name in "ab"}
    found = measuring.seconds(steps, 3)
    assert "".join(done) == "ababab"
    assert list(found) == ["a", "b"]
    assert min(found.values()) > 0


def test_seconds_are_medians(measuring):
    lengths = iter([0.0, 0.2, 0.02])
    found = measuring.seconds({"sleep": lambda: time.sleep(next(lengths))}, 3)
    assert 0.02 <= found["sleep"] < 0.2


def test_no_turn_begins_after_the_limit(measuring):
    done = []
    measuring.seconds({"sleep": lambda: done.append(time.sleep(0.01))}, 100, 0.005)
    assert len(done) == 1


def test_float_type_is_set_in_silence(measuring, capsys):
    before = "float64" if torch.get_default_dtype() == torch.float64 else "float32"
    try:
        measuring.set_float("float32")
        assert dde.config.real(torch) == torch.float32
    finally:
        measuring.set_float(before)
    assert capsys.readouterr().out == ""
