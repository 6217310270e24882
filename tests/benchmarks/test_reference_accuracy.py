"""What the table of the reference's accuracy and cost is made of."""

import importlib
import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"

pytestmark = pytest.mark.fem


def test_rows_have_errors_and_costs(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(FOLDER)
    reference_accuracy = importlib.import_module("reference_accuracy")
    out = tmp_path / "report.json"
    options = f"--n 4 --n 8 --dt 0.02 --order 3 --spectral 16 --out {out}"
    options += f" --cache {tmp_path}"
    monkeypatch.setattr(sys, "argv", ["reference_accuracy.py", *options.split()])
    monkeypatch.setattr(reference_accuracy, "T_END", 0.1)
    monkeypatch.setattr(reference_accuracy, "TIMES", (0.0, 0.1))
    reference_accuracy.main()
    coarse, fine = json.loads(out.read_text())["runs"]
    assert (coarse["n"], fine["n"], fine["order"], fine["processes"]) == (4, 8, 3, 1)
    assert 0 < fine["error"]["rho"]["0.1"] < coarse["error"]["rho"]["0.1"] < 1
    # Python alone takes some MiB; a wrong unit is a factor of 1024
    assert 50 < coarse["peak_memory_mib"] <= fine["peak_memory_mib"] < 20_000
    assert 0 < fine["cpu_seconds"] < 60
    assert len(capsys.readouterr().out.splitlines()) == 3
