"""Training: budgets, log, checkpoints, and everything that can interrupt a run."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import deepxde as dde
import pytest
import torch
import warm_process
from resumable_run import STAGES, At, adam, build_model, log_of, run, weights

from ncl_deepxde.runs import Stage
from ncl_deepxde.runs.checkpoints import CheckpointError, load_checkpoint
from ncl_deepxde.runs.log import read_log

SCRIPT = Path(__file__).with_name("resumable_run.py")


# Steps 1 to 40 are Adam, 41 to 52 L-BFGS; 42 dies before its first checkpoint.
KILLS = (1, 23, 42, 51)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Directory with one run per step of `KILLS`, killed by SIGKILL at that step."""
    directory = tmp_path_factory.mktemp("killed")
    done = warm_process.run([SCRIPT, directory, *map(str, KILLS)])
    assert done.returncode == 0, done.stderr
    for step in KILLS:
        assert f"{step} {-signal.SIGKILL}" in done.stdout.splitlines()
    return directory


@pytest.mark.parametrize("step", KILLS)
def test_killed_run_resumes_to_the_same_numbers(killed, unbroken, step) -> None:
    _, expected, whole, log = unbroken
    directory = killed / str(step)
    saved = load_checkpoint(directory / "checkpoints" / "net.pt")["progress"]
    assert step - 5 <= saved["steps"] < step
    model, result = run(directory, resume=True)
    assert torch.equal(weights(model), expected)
    assert (result.steps, result.loss) == (52, whole.loss)
    assert model.train_state.step == model.train_state.iteration == 52
    assert log_of(directory) == log


def test_run_is_reproducible_and_learns(tmp_path, unbroken) -> None:
    _, expected, _, log = unbroken
    model, result = run(tmp_path)
    assert torch.equal(weights(model), expected)
    assert result.loss < 0.5 * log[0]["loss"]
    assert (result.steps, result.stopped_by) == (52, "steps")
    assert result.seconds_per_step == result.seconds / 52
    other, _ = run(tmp_path / "other", model=build_model(seed=1))
    assert not torch.equal(weights(other), expected)


def test_finished_run_returns_at_once(tmp_path, unbroken) -> None:
    directory, expected, result, log = unbroken
    shutil.copytree(directory, tmp_path / "copy")
    never = At(53, lambda: pytest.fail("the finished run went on"))
    model, again = run(tmp_path / "copy", resume=True, callbacks=[never])
    assert again == result
    assert torch.equal(weights(model), expected)
    assert log_of(tmp_path / "copy") == log


def test_directory_that_cannot_be_written_is_refused_at_once(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    never = At(1, lambda: pytest.fail("training began"))
    with pytest.raises(ValueError, match=r"directory must be .*file/run"):
        run(tmp_path / "file" / "run", callbacks=[never])


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"seed": 1}, "seed was 0 and is now 1"),
        ({"config": {"width": 9}}, r"config\.width was 8 and is now 9"),
        ({"config": {}}, r"config\.width was 8 and is now 'absent'"),
        ({"stages": STAGES[:1]}, r"stages\[1\]\.name was 'l-bfgs' and is now 'absent'"),
        (
            {"stages": [Stage("adam", adam, steps=41), STAGES[1]]},
            r"stages\[0\]\.steps was 40 and is now 41",
        ),
    ],
)
def test_other_plan_is_refused(unbroken, change, difference) -> None:
    with pytest.raises(ValueError, match=f"cannot resume.*{difference}"):
        run(unbroken[0], resume=True, **change)


def test_other_float_type_is_refused(unbroken) -> None:
    dde.config.set_default_float("float32")
    with pytest.raises(ValueError, match="float type was 'float64' and is now"):
        run(unbroken[0], resume=True)


def test_truncated_checkpoint_is_refused(tmp_path, unbroken) -> None:
    shutil.copytree(unbroken[0], tmp_path / "copy")
    path = tmp_path / "copy" / "checkpoints" / "net.pt"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"damaged.*net\.previous\.pt"):
        run(tmp_path / "copy", resume=True)
    path.with_name("net.previous.pt").replace(path)
    model, _ = run(tmp_path / "copy", resume=True)
    assert torch.equal(weights(model), unbroken[1])


def test_other_versions_are_told(tmp_path, unbroken, capsys, monkeypatch) -> None:
    shutil.copytree(unbroken[0], tmp_path / "copy")
    run(tmp_path / "copy", resume=True)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("ncl_deepxde.runs.environment.__version__", "0.0.1")
    run(tmp_path / "copy", resume=True)
    told = capsys.readouterr().err
    assert "net: ncl-deepxde was 0" in told
    assert "and is now 0.0.1. It goes on" in told


def test_resume_without_checkpoint_starts_afresh(tmp_path, unbroken, capsys) -> None:
    model, _ = run(tmp_path, resume=True)
    assert "starting afresh" in capsys.readouterr().err
    assert torch.equal(weights(model), unbroken[1])


def test_fresh_run_forgets_the_old_one(tmp_path) -> None:
    run(tmp_path, stages=[Stage("adam", adam, steps=9)])
    kill = At(1, lambda: (_ for _ in ()).throw(RuntimeError("early end")))
    with pytest.raises(RuntimeError, match="early end"):
        run(tmp_path, stages=[Stage("adam", adam, steps=9)], callbacks=[kill])
    assert os.listdir(tmp_path / "checkpoints") == ["net.pt"]
    saved = load_checkpoint(tmp_path / "checkpoints" / "net.pt")
    assert saved["progress"]["steps"] == 0
    assert read_log(tmp_path / "log.jsonl") == []
