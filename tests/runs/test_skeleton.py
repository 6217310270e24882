"""A problem folder that the command writes, and that runs."""

import json

import pytest
import torch
import warm_process

from ncl_deepxde.cli import main
from ncl_deepxde.runs.discovery import find
from ncl_deepxde.runs.skeleton import write_problem


@pytest.mark.slow
def test_what_is_written_runs_as_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "pond"]) == 0
    assert "ncl-deepxde run pond --preset smoke" in capsys.readouterr().out
    words = ["run", "pond", "--preset", "smoke", "--quiet", "--out", "out"]
    done = warm_process.run(["-m", "ncl_deepxde", *words])
    assert done.returncode == 0, done.stderr
    # Quiet: DeepXDE names its backend, we say nothing.
    assert "ncl-deepxde" not in done.stdout + done.stderr
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["problem"] == "pond"
    ratios = {m: v["continuity_relative"] for m, v in metrics["models"].items()}
    assert ratios["ncl"] < 1e-13 < 1e-3 < ratios["pinn"]
    assert "What happened" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize("name", ["1st", "my problem", "pond.py", ".."])
def test_bad_names_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="NAME: must begin with a letter"):
        write_problem(tmp_path / name)


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "pond").mkdir()
    with pytest.raises(ValueError, match="exists already"):
        write_problem(tmp_path / "pond")


def test_every_point_follows_from_what_is_given(tmp_path):
    """Of a density carried along, each value comes from the start or the inflow."""
    write_problem(tmp_path / "pond")
    problem = find(str(tmp_path / "pond"))
    preset = problem.presets["smoke"]
    task = problem.build("pinn", preset.settings("pinn"), 0).model.data
    random = torch.Generator().manual_seed(0)
    given = torch.cat([c.sampler(100, random) for c in task.conditions])
    x, t = (torch.rand(200, 1, generator=random) * end for end in (1.0, 0.5))
    steps = torch.minimum(x / 0.5, t)  # back to x = 0 or t = 0 at the speed 0.5
    origin = torch.cat([x - 0.5 * steps, t - steps], dim=1)
    assert torch.cdist(origin.to(given), given).min(dim=1).values.max() < 0.05
