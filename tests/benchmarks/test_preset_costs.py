"""Costs of the stages of a preset."""

import importlib
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def preset_costs(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("preset_costs")


def test_costs_of_every_stage_are_told(preset_costs, tmp_path, capsys):
    out = tmp_path / "costs.json"
    words = ["euler-torus", "--preset", "smoke", "--model", "pinn", "--steps", "1"]
    preset_costs.main([*words, "--seconds", "1", "2", "3", "--out", str(out)])
    content = json.loads(out.read_text())
    rows = content["rows"]
    assert [r["stage"] for r in rows] == ["adam", "gauss-newton", "more points"]
    assert [r["steps"] for r in rows] == [25, 5, 2]
    for r in rows:
        assert r["cpu_seconds"] == pytest.approx(r["steps"] * r["seconds_per_step"])
    lines = capsys.readouterr().out.splitlines()
    for bought, r, line in zip((1, 2, 3), rows, lines[-4:-1], strict=True):
        assert line.split()[-1] == str(round(bought / r["seconds_per_step"]))
    assert lines[-1].endswith("largest / smallest 1.00")


def test_first_step_of_a_stage_does_not_count(preset_costs, monkeypatch):
    class Clock(preset_costs.Clock):
        def on_batch_end(self):
            k = len(self.seconds)
            self.seconds.append(1e3 if k % 3 == 0 else float(k))

    monkeypatch.setattr(preset_costs, "Clock", Clock)
    problem = preset_costs.find("euler-torus")
    preset = problem.presets["smoke"]
    (cell,) = preset_costs.list_cells(["pinn"], preset, 0)
    rows = preset_costs.step_costs(problem, "smoke", cell, 2)
    assert [r["seconds_per_step"] for r in rows] == [1.5, 4.5, 7.5]


@pytest.mark.parametrize("words", [["--steps", "0"], ["--seconds", "1", "-2"]])
def test_bad_numbers_are_refused(preset_costs, capsys, words):
    with pytest.raises(SystemExit):
        preset_costs.options_of(["euler-torus", *words])
    assert f"{words[0]}: must be" in capsys.readouterr().err


def test_seconds_must_be_given_for_every_stage(preset_costs):
    words = ["euler-torus", "--preset", "smoke", "--model", "pinn", "--steps", "1"]
    with pytest.raises(SystemExit, match=r"--seconds: .* 3 stages of pinn, got 1"):
        preset_costs.main([*words, "--seconds", "5"])
