"""One stage: its budgets, log and checkpoints, and what can go wrong in a step."""

from __future__ import annotations

import errno
import math
import os
import time
import warnings

import pytest
import torch
from resumable_run import At, adam, build_model, run, weights

from ncl_deepxde.optimizers.gauss_newton.history import StepRecord
from ncl_deepxde.runs import NonFiniteLoss, Stage
from ncl_deepxde.runs.checkpoints import load_checkpoint
from ncl_deepxde.runs.log import read_log
from ncl_deepxde.runs.stage_loop import Progress, RunSettings


def test_each_step_uses_its_own_points(tmp_path) -> None:
    model = build_model()
    seen = []
    watch = At(None, None)
    watch.on_batch_end = lambda: seen.append(model.train_state.X_train.detach())
    run(tmp_path, model=model, stages=[Stage("adam", adam, steps=3)], callbacks=[watch])
    assert model.data.state_dict() == {"step": 3, "growth": 1.0}
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


def test_two_checkpoints_are_kept(tmp_path, unbroken) -> None:
    folder = unbroken[0] / "checkpoints"
    assert sorted(os.listdir(folder)) == ["net.previous.pt", "net.pt"]
    steps = [
        load_checkpoint(folder / f)["progress"]["steps"] for f in os.listdir(folder)
    ]
    assert sorted(steps) == [48, 52]


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


@pytest.mark.parametrize(
    "budget", [{}, {"steps": 0}, {"seconds": -1.0}, {"steps": 5, "seconds": 0.0}]
)
def test_a_stage_needs_a_positive_budget(budget) -> None:
    message = r"^Stage 'adam': steps or seconds must be given and positive, got steps="
    with pytest.raises(ValueError, match=message):
        Stage("adam", adam, **budget)


def test_the_next_stage_counts_from_zero_and_the_run_goes_on() -> None:
    done = Progress(1, 7, 0.5, 20, 3.0, 0.1, "steps")
    done.enter_next_stage()
    assert done == Progress(2, 0, 0.0, 20, 3.0, 0.1, "")


def test_files_of_a_run_lie_in_its_directory(tmp_path) -> None:
    settings = RunSettings(tmp_path, "net", {}, 60.0, None, 1, False, None)
    assert settings.checkpoint == tmp_path / "checkpoints" / "net.pt"
    assert settings.previous == tmp_path / "checkpoints" / "net.previous.pt"
    assert settings.log == tmp_path / "log.jsonl"


class Recorded(torch.optim.SGD):
    """Keeps a history in which every third step is lost."""

    def __init__(self, parameters):
        super().__init__(parameters, lr=1e-3)
        self.history = []

    def step(self, closure):
        group = self.param_groups[0]
        group["number"] = number = group.get("number", 0) + 1
        is_kept = number % 3 != 0
        found = (number, 2.0, 1.0, 1e-3, 1.0, 0.5, 0, 0.1, (28, 33), None)
        held_out, best = 3.0 if is_kept else math.inf, 3.0 / number
        self.history.append(StepRecord(*found, held_out, best, is_kept))
        return super().step(closure)


def recorded(model):
    model.compile(Recorded(model.net.parameters()), loss_weights=[1, 5], verbose=0)


def test_log_holds_the_last_step_of_an_optimizer_and_counts_the_lost(tmp_path) -> None:
    stages = [Stage("recorded", recorded, steps=11), Stage("adam", adam, steps=2)]
    run(tmp_path, stages=stages, log_every=4)
    records = read_log(tmp_path / "log.jsonl")
    found = [r.get("optimizer") for r in records]
    assert [r["step"] for r in records] == [4, 8, 11, 12, 13]
    assert [f and (f["step"], f["lost"], f["best"]) for f in found] == [
        (4, 1, 0.75),
        (8, 2, 0.375),
        (11, 3, 3 / 11),
        None,
        None,
    ]
    assert "Infinity" not in (tmp_path / "log.jsonl").read_text()


def test_lost_steps_are_counted_through_a_break(tmp_path, ctrl_c) -> None:
    stages = [Stage("recorded", recorded, steps=11)]
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, stages=stages, log_every=5, callbacks=[At(4, ctrl_c)])
    run(tmp_path, stages=stages, log_every=5, resume=True)
    records = read_log(tmp_path / "log.jsonl")
    assert [(r["step"], r["optimizer"]["lost"]) for r in records] == [
        (5, 1),
        (10, 3),
        (11, 3),
    ]
