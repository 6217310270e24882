"""The figure of the benchmark of high precision."""

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def module(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("precision_figure")


def record(case, network, optimizer, seconds, error, seed=0):
    names = {"case": case, "network": network, "optimizer": optimizer, "seed": seed}
    moment = {"seconds": seconds, "steps": 1, "error": error}
    return {**names, "measure": "RMS", **moment}


def test_every_run_is_a_curve_of_its_own(module):
    records = [
        record("heat", "exact", "adam", 1.0, 1e-2),
        record("heat", "exact", "adam", 2.0, 1e-3),
        record("heat", "exact", "adam", 1.0, 2e-2, seed=1),
        record("heat", "plain", "soap", 1.0, None),
        record("kdv", "plain", "soap", 1.0, 1e-1),
    ]
    figure = module.draw(records)
    heat, kdv = figure.axes
    assert (heat.get_title(), kdv.get_title()) == ("heat", "kdv")
    assert [list(line.get_ydata()) for line in heat.lines] == [[1e-2, 1e-3], [2e-2], []]
    assert heat.lines[0].get_linestyle() == "-"
    assert heat.lines[2].get_linestyle() == "--"
    assert heat.get_xscale() == heat.get_yscale() == "log"
    assert heat.get_ylabel() == "RMS"
