"""The console command: a whole run, resume after a kill, and every bad argument."""

import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import warm_process

from ncl_deepxde.cli import main
from ncl_deepxde.runs.log import read_log

RUN = ["run", "euler-torus", "--preset", "smoke", "--device", "cpu"]
MODELS = ("pinn", "ncl-hard")
CHOICE = [word for model in MODELS for word in ("--model", model)]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run directory."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    done = start([*RUN, *CHOICE, "--out", str(out)]).wait()
    assert done.returncode == 0, done.stderr
    return out


def start(words):
    """Start the command in a process of its own, as a user does.

    Rounding may depend on what other tests loaded into this process.
    """
    return warm_process.Started(["-m", "ncl_deepxde", *words])


def metrics_of(out):
    return json.loads((out / "metrics.json").read_text())


@pytest.mark.slow
def test_run_writes_everything_it_promises(finished):
    names = {p.relative_to(finished).as_posix() for p in finished.rglob("*")}
    assert {"config.json", "metrics.json", "log.jsonl", "report.html"} <= names
    assert {"checkpoints/pinn.pt", "checkpoints/ncl-hard.pt"} <= names
    assert {"fields/pinn.pvd", "fields/ncl-hard.pvd"} <= names
    figures = {"density", "velocity", "difference", "errors", "losses"}
    assert {f"figures/{f}.png" for f in figures} <= names
    assert "figures/density.gif" in names
    assert not [name for name in names if "/." in f"/{name}"]


def test_metrics_follow_the_contract(finished):
    metrics = metrics_of(finished)
    assert (metrics["problem"], metrics["preset"]) == ("euler-torus", "smoke")
    assert (metrics["seed"], metrics["device"]) == (0, "cpu")
    assert set(metrics["models"]) == set(MODELS)
    # Stages of 25, 5 and 2 steps; with two windows the odd ones round up.
    steps = {name: model["steps"] for name, model in metrics["models"].items()}
    assert steps == {"pinn": 32, "ncl-hard": 34}
    for model in metrics["models"].values():
        times = model["relative_l2"]["rho"]
        assert {"0", "0.1", "0.2", "0.3", "0.3333"} <= set(times)
        assert set(model["relative_l2"]["u"]) == set(times)
        assert all(np.isfinite(v) and v > 0 for v in times.values())
        assert model["parameters"] > 400
    assert metrics["reference"]["mass_drift"] < 1e-8


def test_exactness_shows_in_the_metrics(finished):
    models = metrics_of(finished)["models"]
    # float32: a few roundings, in units of the largest term.
    assert models["ncl-hard"]["continuity_relative"] < 1e-5
    assert models["ncl-hard"]["mass_drift"] < 1e-6
    assert models["pinn"]["continuity_relative"] > 1e-2


def test_resuming_a_finished_run_changes_no_number(finished, capsys):
    before = metrics_of(finished)
    assert main([*RUN, *CHOICE, "--out", str(finished), "--resume"]) == 0
    assert metrics_of(finished) == before
    assert "report.html" in capsys.readouterr().err


@pytest.mark.slow
def test_killed_run_resumes_to_the_same_numbers(finished, tmp_path):
    out = tmp_path / "killed"
    words = [*RUN, *CHOICE, "--out", str(out)]
    process = start(words)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if any(r["model"] == "ncl-hard" for r in read_log(out / "log.jsonl")):
            break
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "report.html").exists()
    resumed = start([*words, "--resume"]).wait()
    assert resumed.returncode == 0, resumed.stderr
    killed, whole = (metrics_of(d)["models"] for d in (out, finished))
    for model in MODELS:
        assert killed[model]["loss"] == whole[model]["loss"]
        errors = [m[model]["relative_l2"]["rho"] for m in (killed, whole)]
        # The reference is solved twice, to the tolerance of its iterations.
        assert errors[0] == pytest.approx(errors[1], rel=1e-6)


def test_compare_shows_the_models_of_a_run(finished, capsys):
    assert main(["compare", str(finished)]) == 0
    shown = capsys.readouterr().out
    assert all(model in shown for model in MODELS)


def test_list_names_problems_models_and_presets(capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    for word in ("euler-torus", "ncl-vector", "quick", "paper"):
        assert word in shown


def test_list_of_one_problem_is_a_table(capsys):
    assert main(["list", "hodge"]) == 0
    head, _, first, *rest = capsys.readouterr().out.splitlines()
    place = head.index("DESCRIPTION")
    assert first.startswith("hodge ")
    assert "euler" not in first
    assert all(
        line[place - 1] == " " != line[place] for line in rest if line[:44].strip()
    )
    assert max(map(len, rest)) <= 100


def test_help_of_run_has_examples(capsys):
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    assert "ncl-deepxde run euler-torus --preset smoke" in capsys.readouterr().out


def failing(words, capsys):
    """Return exit code and message of a command that must fail."""
    try:
        code = main(words)
    except SystemExit as exit_:
        code = exit_.code
    message = capsys.readouterr().err.strip()
    assert message.count("\n") == 0
    return code, message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "euler-torsu"], "PROBLEM: must be one of .*euler-torus"),
        (["run", "euler-torus", "--preset", "fast"], "--preset: .*quick.*'fast'"),
        (["run", "euler-torus", "--model", "fnn"], "--model: .*pinn.*'fnn'"),
        (["run", "euler-torus", "--seed", "-1"], "--seed: .*-1"),
        (["run", "euler-torus", "--seed", "x"], "--seed"),
        (["run", "euler-torus", "--device", "tpu"], "--device: .*auto, cpu or cuda"),
        (["run"], "PROBLEM"),
        (["run", "hodge", "--reference-processes", "2"], "by one process, got 2"),
        (["run", "hodge", "--reference-processes", "0"], "at least 1, got 0"),
        (["run", "hodge", "--quiet", "--verbose"], "not allowed with"),
        (["list", "nowhere"], "PROBLEM: must be one of"),
        (["new", "1st"], "NAME: must begin with a letter"),
        (["fly"], "fly"),
        (["compare", "nowhere"], "nowhere"),
        (["reference", "euler-torus", "--preset", "x"], "--preset"),
    ],
)
def test_bad_arguments_give_one_line_and_exit_code_2(
    words, said, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, message = failing(words, capsys)
    assert code == 2
    assert re.search(said, message), message


def test_unwritable_directory_is_refused_before_any_work(tmp_path, capsys):
    file = tmp_path / "file"
    file.touch()
    code, message = failing([*RUN, "--out", str(file / "run")], capsys)
    assert code == 2
    assert "--out" in message
    assert "Choose another" in message


def test_existing_run_is_not_overwritten(finished, capsys):
    code, message = failing([*RUN, "--out", str(finished)], capsys)
    assert code == 2
    assert "--resume" in message


def test_resume_with_other_options_is_refused(finished, capsys):
    words = [*RUN, "--seed", "1", "--out", str(finished), "--resume"]
    code, message = failing(words, capsys)
    assert code == 2
    assert "seed" in message


def test_reference_command_writes_a_file_that_loads(tmp_path, capsys):
    from ncl_deepxde.problems.euler.torus.problem import PROBLEM

    out = tmp_path / "reference.npz"
    words = ["reference", "euler-torus", "--n", "8", "--dt", "0.04"]
    assert main([*words, "--out", str(out)]) == 0
    rho = PROBLEM.load_reference(out)(np.random.default_rng(0).random((7, 2)), 0.2)
    assert rho["rho"].shape == (7, 1)
    assert Path(capsys.readouterr().out.split()[-1]) == out
