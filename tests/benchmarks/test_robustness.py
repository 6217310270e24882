"""The benchmark of robustness: a run, its record, the command line."""

import importlib
import json
import math
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
SMALL = "--problems allen-cahn --floats float64 --points 20 --dampings 1e-3 --seeds 1"

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("robustness")


def plan(benchmark, **changes):
    values = {"problem": "allen-cahn", "float": "float64", "points": 20}
    values |= {"damping": 1e-3, "seed": 0, "steps": 3}
    return benchmark.Plan(**{**values, **changes})


def test_losses_are_those_after_every_step(benchmark, monkeypatch):
    shorter, longer = (benchmark.run(plan(benchmark, steps=n)) for n in (2, 3))
    assert longer["losses"][:3] == shorter["losses"]
    assert len(longer["losses"]) == 4
    assert longer["first"] == longer["losses"][0]
    assert longer["final"] == longer["losses"][-1]
    assert longer["smallest"] == min(longer["losses"])
    assert longer["smallest"] < longer["first"]
    assert [s["step"] for s in longer["history"]] in ([], [1, 2, 3])


class Ruin(torch.optim.SGD):
    """Spoils the weights at the third step, then raises."""

    def __init__(self, model, damping):
        super().__init__(model.net.parameters(), lr=0.0)
        self.count = 0

    @torch.no_grad()
    def step(self, closure):
        self.count += 1
        if self.count == 3:
            self.param_groups[0]["params"][0].fill_(math.nan)
        if self.count == 4:
            raise RuntimeError("the kernel is singular")
        return closure


def test_bad_numbers_and_exceptions_are_recorded(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "GaussNewton", Ruin)
    found = benchmark.run(plan(benchmark, steps=5))
    assert found["losses"][3] is None
    assert found["final"] is None
    assert found["smallest"] == found["first"]
    assert found["error"] == "RuntimeError: the kernel is singular"
    assert benchmark.is_lost(found)
    json.dumps(found, allow_nan=False)


def test_runs_are_written_once_and_compared(benchmark, tmp_path, capsys):
    out = tmp_path / "new.jsonl"
    command = [*SMALL.split(), "--steps", "2", "--out", str(out), "--tree", str(ROOT)]
    benchmark.main(command)
    assert capsys.readouterr().out.startswith("kept allen-cahn float64 20 0.001 0 2")
    benchmark.main(command)
    assert capsys.readouterr().out == ""
    (record,) = benchmark.read(out)
    lost = {**record, "final": None, "error": "RuntimeError: singular"}
    (tmp_path / "old.jsonl").write_text(json.dumps(lost) + "\n", encoding="utf-8")
    benchmark.main(["--table", str(tmp_path / "old.jsonl"), str(out)])
    text = capsys.readouterr().out
    assert "| allen-cahn | float64 | 0.001 | 1/1 | inf | 0/1 |" in text
    assert "old: lost: problem allen-cahn, float float64, points 20" in text


def test_seeds_share_settings_out(benchmark):
    text = "--problems burgers --floats float64 --points 20 50 --dampings 1e-3 1"
    arguments = [*text.split(), "--seeds", "5"]
    found = benchmark.plans(benchmark.options_of([*arguments, "--spread"]))
    settings = [(20, 1e-3), (20, 1.0), (50, 1e-3), (50, 1.0), (20, 1e-3)]
    assert [(p.points, p.damping) for p in found] == settings
    assert len([*benchmark.plans(benchmark.options_of(arguments))]) == 20


def test_another_tree_comes_first_on_the_path(benchmark, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    (tmp_path / "ncl_deepxde").mkdir()
    (tmp_path / "ncl_deepxde/__init__.py").touch()
    calls = []

    def called(command, env, check):
        calls.append((command, env["PYTHONPATH"]))
        return benchmark.subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(benchmark.subprocess, "run", called)
    with pytest.raises(SystemExit, match="0"):
        benchmark.main([*SMALL.split(), "--tree", str(tmp_path)])
    ((command, path),) = calls
    assert path == f"{tmp_path}{benchmark.os.pathsep}/elsewhere"
    assert command[1] == benchmark.__file__
    assert command[2:-1] == [*SMALL.split(), "--tree"]
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SystemExit, match="Python takes ncl_deepxde from"):
        benchmark.main([*SMALL.split(), "--tree", str(tmp_path)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--problems euler", "--problems: must be one of"),
        ("--floats float16", "--floats: must be one of"),
        ("--points 5", "must be at least 10, 1, 1 and 0, got [5]"),
        ("--held-out 0", "--held-out: must be at least 1, got 0"),
        ("--seeds 0", "must be at least 10, 1, 1 and 0"),
        ("--tree /nowhere", "--tree: must be a checkout that holds ncl_deepxde"),
    ],
)
def test_bad_arguments_are_named(benchmark, capsys, arguments, message):
    with pytest.raises(SystemExit):
        benchmark.options_of(arguments.split())
    assert message in capsys.readouterr().err
