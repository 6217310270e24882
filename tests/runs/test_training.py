"""Training: budgets, log, checkpoints, and everything that can interrupt a run."""

from __future__ import annotations

import errno
import json
import math
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import deepxde as dde
import pytest
import torch

from ncl_deepxde.runs import NonFiniteLoss, Stage
from ncl_deepxde.runs.checkpoints import CheckpointError, load_checkpoint
from ncl_deepxde.runs.log import read_log

SCRIPT = Path(__file__).with_name("resumable_run.py")
EXAMPLE = runpy.run_path(str(SCRIPT))
run, build_model, At = EXAMPLE["run"], EXAMPLE["build_model"], EXAMPLE["At"]
adam, lbfgs, STAGES = EXAMPLE["adam"], EXAMPLE["lbfgs"], EXAMPLE["STAGES"]
weights = EXAMPLE["weights"]


def log_of(directory):
    """The log without its only irreproducible entry."""
    records = read_log(directory / "log.jsonl")
    return [{k: v for k, v in r.items() if k != "seconds"} for r in records]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """Directory, final weights, result and log of a run without interruption."""
    directory = tmp_path_factory.mktemp("unbroken")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    dde.config.real.set_float64()
    model, result = run(directory)
    torch.set_default_dtype(before)
    return directory, weights(model), result, log_of(directory)


# Steps 1 to 40 are Adam, 41 to 52 L-BFGS; 42 dies before its first checkpoint.
KILLS = (1, 23, 42, 51)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Directory with one run per step of `KILLS`, killed by SIGKILL at that step."""
    directory = tmp_path_factory.mktemp("killed")
    command = [sys.executable, SCRIPT, directory, *map(str, KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
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


def test_each_step_uses_its_own_points(tmp_path) -> None:
    model = build_model()
    seen = []
    watch = At(None, None)
    watch.on_batch_end = lambda: seen.append(model.train_state.X_train.detach())
    run(tmp_path, model=model, stages=[Stage("adam", adam, steps=3)], callbacks=[watch])
    assert model.data.state_dict() == {"step": 3}
    fresh = build_model().data
    assert len(seen) == 3
    for x in seen:
        assert torch.equal(x, fresh.train_next_batch()[0])


def test_log_holds_the_losses_of_the_step(tmp_path) -> None:
    model = build_model()
    adam(model)
    x, _ = model.data.train_next_batch()
    terms = model.outputs_losses_train(x, None, None)[1].tolist()
    stages = [Stage("adam", adam, steps=4)]
    model, result = run(tmp_path, stages=stages, log_every=1)
    records = read_log(tmp_path / "log.jsonl")
    assert [r["step"] for r in records] == [1, 2, 3, 4]
    first = records[0]
    assert list(first) == ["model", "stage", "step", "seconds", "loss", "terms"]
    assert (first["model"], first["stage"]) == ("net", "adam")
    assert first["terms"] == dict(zip(["pde", "initial"], terms, strict=True))
    for r in records:
        assert r["loss"] == pytest.approx(sum(r["terms"].values()), rel=1e-15)
    assert result.loss == records[-1]["loss"]
    assert 0 < first["seconds"] < records[-1]["seconds"] <= result.seconds
    assert model.losshistory.steps == [0, 1, 2, 3, 4]


def test_log_holds_errors_whose_time_does_not_count(tmp_path) -> None:
    def evaluate():
        time.sleep(0.3)
        return {"relative_l2": 0.25}

    stages = [Stage("adam", adam, steps=4)]
    start = time.perf_counter()
    _, result = run(tmp_path, stages=stages, log_every=1, evaluate=evaluate)
    waited = time.perf_counter() - start
    records = read_log(tmp_path / "log.jsonl")
    assert [r["errors"] for r in records] == [{"relative_l2": 0.25}] * 4
    assert result.seconds < waited - 1.2


def test_log_is_shared_by_models_and_torn_lines_are_dropped(tmp_path) -> None:
    stages = [Stage("adam", adam, steps=10)]
    for name in ("a", "b"):
        run(tmp_path, stages=stages, name=name)
    log = tmp_path / "log.jsonl"
    with log.open("a") as file:
        file.write('{"model": "b", "st')
    assert len(read_log(log)) == 4
    run(tmp_path, stages=stages, name="a")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    found = [(r["model"], r["step"]) for r in lines]
    assert found == [("b", 5), ("b", 10), ("a", 5), ("a", 10)]
    assert len(os.listdir(tmp_path / "checkpoints")) == 4


def test_two_checkpoints_are_kept(tmp_path, unbroken) -> None:
    folder = unbroken[0] / "checkpoints"
    assert sorted(os.listdir(folder)) == ["net.previous.pt", "net.pt"]
    steps = [
        load_checkpoint(folder / f)["progress"]["steps"] for f in os.listdir(folder)
    ]
    assert sorted(steps) == [48, 52]


@pytest.fixture
def ctrl_c():
    """Send SIGINT, which a background process would ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: os.kill(os.getpid(), signal.SIGINT)
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def test_seconds_end_a_stage_and_continue_after_a_break(tmp_path, ctrl_c) -> None:
    stages = [Stage("adam", adam, seconds=0.6)]
    interrupt = At(20, ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, stages=stages, callbacks=[interrupt])
    saved = load_checkpoint(tmp_path / "checkpoints" / "net.pt")["progress"]
    assert 0 < saved["stage_seconds"] < 0.6
    _, result = run(tmp_path, stages=stages, resume=True)
    assert result.stopped_by == "seconds"
    assert result.steps > 20
    # One step beyond the budget, of a few milliseconds; cores may be busy.
    assert 0.6 <= result.seconds < 1.6


def test_first_budget_ends_the_stage(tmp_path) -> None:
    both = Stage("adam", adam, steps=5, seconds=1000.0)
    _, result = run(tmp_path, stages=[both])
    assert (result.steps, result.stopped_by) == (5, "steps")


def test_ctrl_c_saves_the_whole_step(tmp_path, unbroken, capsys, ctrl_c) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, callbacks=[At(14, ctrl_c)])
    message = capsys.readouterr().err
    assert "step 14" in message
    assert "resume=True" in message
    model, _ = run(tmp_path, resume=True)
    assert torch.equal(weights(model), unbroken[1])


def spoil(step, factor):
    """A model whose residual is multiplied by `factor(u)` in one step."""
    model = build_model()
    pde = model.data.pde

    def spoiled(inputs, outputs):
        bad = model.train_state.step + 1 == step
        return pde(inputs, outputs) * (factor(outputs) if bad else 1.0)

    model.data.pde = spoiled
    return model


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_bad_loss_stops_before_the_update(tmp_path, value) -> None:
    model = spoil(15, lambda u: value)
    message = r"net: the loss term 'pde' is (nan|inf) at step 15.*net\.pt, of step 12"
    with pytest.raises(NonFiniteLoss, match=message):
        run(tmp_path, model=model)
    stages = [Stage("adam", adam, steps=14)]
    reference, _ = run(tmp_path / "short", stages=stages)
    assert torch.equal(weights(model), weights(reference))
    saved = load_checkpoint(tmp_path / "checkpoints" / "net.pt")
    assert saved["progress"]["steps"] == 12
    assert all(w.isfinite().all() for w in saved["state"]["weights"].values())


def test_bad_weights_are_not_saved(tmp_path) -> None:
    # The square root is 0 with an infinite slope: a finite loss, gradients of nan.
    model = spoil(16, lambda u: torch.sqrt(0 * u))
    with pytest.raises(NonFiniteLoss, match=r"a weight is not finite at step 16"):
        run(tmp_path, model=model)
    assert not weights(model).isfinite().all()
    saved = load_checkpoint(tmp_path / "checkpoints" / "net.pt")
    assert saved["progress"]["steps"] == 12
    assert all(w.isfinite().all() for w in saved["state"]["weights"].values())


class Trials(torch.optim.SGD):
    """Evaluates the loss once more at weights where it is infinite."""

    def step(self, closure):
        loss = super().step(closure)
        self.param_groups[0]["trial"]()
        assert closure().isinf()
        self.zero_grad()
        return loss


def test_infinite_trial_of_a_line_search_is_no_failure(tmp_path) -> None:
    model = build_model()
    pde, calls = model.data.pde, []

    def compile_(model):
        optimizer = Trials(model.net.parameters(), lr=1e-3)
        optimizer.param_groups[0]["trial"] = lambda: calls.append(1)
        model.compile(optimizer, verbose=0)
        optimizer.state_dict = lambda: {}

    def spoiled(inputs, outputs):
        is_trial = len(calls) == model.train_state.step + 1
        return pde(inputs, outputs) * (math.inf if is_trial else 1.0)

    model.data.pde = spoiled
    _, result = run(tmp_path, model=model, stages=[Stage("sgd", compile_, steps=3)])
    assert len(calls) == 3
    assert math.isfinite(result.loss)


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_full_disk_warns_once_and_training_goes_on(
    tmp_path, monkeypatch, unbroken, function
) -> None:
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    fill = At(10, lambda: monkeypatch.setattr(os, function, full))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model, result = run(tmp_path, callbacks=[fill])
    messages = [str(w.message) for w in caught]
    assert len(messages) == 1
    assert "No space left" in messages[0]
    assert "checkpoint of step 8 stays" in messages[0]
    assert result.steps == 52
    assert torch.equal(weights(model), unbroken[1])
    monkeypatch.undo()
    saved = load_checkpoint(tmp_path / "checkpoints" / "net.pt")
    assert saved["progress"]["steps"] == 8
    resumed, _ = run(tmp_path, resume=True)
    assert torch.equal(weights(resumed), unbroken[1])


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
    with pytest.raises(CheckpointError, match="truncated"):
        run(tmp_path / "copy", resume=True)
    path.with_name("net.previous.pt").replace(path)
    model, _ = run(tmp_path / "copy", resume=True)
    assert torch.equal(weights(model), unbroken[1])


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
