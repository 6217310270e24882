"""A stranger's problem: one file, named by its folder, run by the command line."""

import json
import shutil
from pathlib import Path

import pytest

from ncl_deepxde.cli import main
from ncl_deepxde.runs import Problem, available, find

FOLDER = Path(__file__).parents[1] / "examples" / "your_own_problem"


UNFINISHED = """
from ncl_deepxde.runs import Problem
class Waves(Problem):
    name, models = "waves", {}
    build = compute_reference = load_reference = measure = None
PROBLEM = Waves()
"""


def test_it_is_one_short_file():
    (file,) = (path for path in FOLDER.iterdir() if path.suffix == ".py")
    assert len(file.read_text().splitlines()) < 100


def test_command_line_runs_a_folder(tmp_path, capsys):
    out = tmp_path / "run"
    words = ["run", str(FOLDER), "--preset", "smoke", "--device", "cpu"]
    assert main([*words, "--out", str(out)]) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["problem"] == "shallow-water"
    # A mean over 128 points in float64.
    assert metrics["models"]["ncl"]["water_lost"] < 1e-14
    assert metrics["models"]["pinn"]["water_lost"] > 1e-6
    assert (out / "depth.png").stat().st_size > 1e4
    assert "water lost" in (out / "report.html").read_text()
    assert "water lost" in capsys.readouterr().out
    assert main([*words, "--out", str(out), "--resume"]) == 0
    capsys.readouterr()
    assert main(["compare", str(out)]) == 0
    compared = capsys.readouterr().out
    assert "water lost" in compared
    assert "Other" not in compared
    assert main(["reference", str(FOLDER), "--out", str(tmp_path / "r.npz")]) == 0


def test_settings_the_reference_does_not_have_are_refused(tmp_path, capsys):
    words = ["reference", str(FOLDER), "--n", "9", "--out", str(tmp_path / "r.npz")]
    assert main(words) == 2
    assert "--n: the reference of this problem has no" in capsys.readouterr().err


def test_file_stands_for_its_folder():
    assert find(str(FOLDER / "problem.py")) is find(str(FOLDER))


def test_two_folders_of_one_name_are_two_problems(tmp_path):
    copy = shutil.copytree(FOLDER, tmp_path / FOLDER.name)
    text = (copy / "problem.py").read_text()
    (copy / "problem.py").write_text(text.replace('"shallow-water"', '"another"'))
    assert [find(str(path)).name for path in (FOLDER, copy)] == [
        "shallow-water",
        "another",
    ]


def test_folder_inside_of_the_problems_is_listed_at_once(tmp_path, monkeypatch):
    import ncl_deepxde.problems as ours

    shutil.copytree(FOLDER, tmp_path / "waves" / "in_a_channel")
    monkeypatch.setattr(ours, "__path__", [*ours.__path__, str(tmp_path)])
    found, missing = available()
    assert isinstance(found["waves-in-a-channel"], Problem)
    assert not missing


def test_user_folder_called_problems_does_no_harm(tmp_path, monkeypatch, capsys):
    (tmp_path / "problems").mkdir()
    (tmp_path / "problems" / "__init__.py").write_text("raise RuntimeError('mine')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["list"]) == 0
    assert "euler-torus" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("PROBLEM = 3", "must be an instance of ncl_deepxde.runs.Problem, got 3"),
        ("import nowhere_to_be_found", "cannot be loaded: No module named"),
        ("", "has no PROBLEM"),
        ("PROBLEM = ", "cannot be loaded: SyntaxError"),
        ("raise KeyError('boom')", "cannot be loaded: KeyError('boom')"),
        ("from ncl_deepxde.nowhere import x", "cannot be loaded: No module named"),
        (UNFINISHED, "must say its summary, presets. Set them on the class Waves"),
    ],
)
def test_folder_that_is_no_problem_gives_one_line(tmp_path, text, said, capsys):
    (tmp_path / "problem.py").write_text(text)
    assert main(["run", str(tmp_path)]) in (1, 2)
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1
