"""The verdict over many runs: what is lost, and the table."""

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def module(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("robustness_table")


def record(final, smallest=1.0, error="", damping=1e-3):
    kind = {"problem": "burgers", "float": "float32", "damping": damping}
    kind |= {"points": 100, "steps": 40}
    return {**kind, "first": 4.0, "smallest": smallest, "final": final, "error": error}


@pytest.mark.parametrize(
    ("final", "error", "lost"),
    [
        (3.0, "", False),
        (3.1, "", True),
        (None, "", True),
        (1.0, "RuntimeError: singular", True),
    ],
)
def test_lost_is_far_above_the_smallest_not_finite_or_raised(
    module, final, error, lost
):
    assert module.is_lost(record(final, error=error)) == lost


def test_table_puts_optimizers_side_by_side(module):
    old = [record(2.0), record(None), record(40.0), record(1.0, damping=1e2)]
    new = [record(1.0), record(1.0), record(2.0)]
    lines = module.table({"old": old, "new": new}).splitlines()
    assert lines[0].endswith("| old: lost | old: median | new: lost | new: median |")
    assert lines[2] == "| burgers | float32 | 0.001 | 2/3 | 10 | 0/3 | 0.25 |"
    assert lines[3] == "| burgers | float32 | 100 | 0/1 | 0.25 | - | - |"
    assert lines[4] == "| all |  |  | 2/4 |  | 0/3 |  |"


def test_runs_far_above_the_median_are_named(module):
    records = [record(1.0), record(1.0), record(9.0, 9.0), record(11.0, 11.0)]
    assert module.failures(records) == [(records[3], "11 x the median")]
    other = {**records[3], "points": 500}
    assert module.failures([*records[:3], other]) == []
    assert module.failures([record(None)])[0][1] == "lost"
