"""Training beside DeepXDE's own habits: callbacks, data, variables, bad arguments."""

from __future__ import annotations

import runpy
from pathlib import Path

import deepxde as dde
import pytest
import torch

from ncl_deepxde.runs import Stage, train
from ncl_deepxde.runs.log import read_log

SCRIPT = Path(__file__).parent / "runs" / "resumable_run.py"
EXAMPLE = runpy.run_path(str(SCRIPT))
run, build_model, At = EXAMPLE["run"], EXAMPLE["build_model"], EXAMPLE["At"]
adam, lbfgs, STAGES = EXAMPLE["adam"], EXAMPLE["lbfgs"], EXAMPLE["STAGES"]
weights = EXAMPLE["weights"]


def test_callback_ends_a_stage_for_good(tmp_path) -> None:
    model = build_model()
    stop = At(6, lambda: setattr(model, "stop_training", True))
    stages = [Stage("adam", adam, steps=30)]
    _, result = run(tmp_path, model=model, stages=stages, callbacks=[stop])
    assert (result.steps, result.stopped_by) == (6, "callback")
    _, again = run(tmp_path, stages=stages, resume=True)
    assert again == result


def test_frozen_weights_stay_frozen(tmp_path) -> None:
    model = build_model()
    frozen = model.net.linears[0].weight.requires_grad_(False)
    before = frozen.clone()
    run(tmp_path, model=model, stages=[Stage("adam", adam, steps=3)])
    assert not frozen.requires_grad
    assert torch.equal(frozen, before)


def external_model():
    model = build_model()
    speed = dde.Variable(2.0)
    model.data.pde = lambda x, y: (
        dde.grad.jacobian(y, x, i=0, j=1) + speed * dde.grad.jacobian(y, x, i=0, j=0)
    )

    def compile_(model):
        model.compile("adam", lr=1e-2, external_trainable_variables=[speed], verbose=0)

    return model, speed, [Stage("adam", compile_, steps=12)]


def test_external_variables_are_restored(tmp_path) -> None:
    model, speed, stages = external_model()
    run(tmp_path, model=model, stages=stages)
    model, again, stages = external_model()
    run(tmp_path, model=model, stages=stages, resume=True)
    assert speed.item() != 2.0
    assert again.item() == speed.item()


def time_pde_model():
    dde.config.set_random_seed(0)
    geomtime = dde.geometry.GeometryXTime(
        dde.geometry.Interval(0, 1), dde.geometry.TimeDomain(0, 1)
    )
    ic = dde.icbc.IC(geomtime, lambda x: x[:, 0:1] ** 2, lambda _, on: on)
    data = dde.data.TimePDE(
        geomtime, EXAMPLE["wave"], [ic], num_domain=20, num_initial=8, num_test=10
    )
    return dde.Model(data, dde.nn.FNN([2, 8, 1], "tanh", "Glorot normal"))


def test_ordinary_deepxde_data_train_and_resume(tmp_path) -> None:
    stages = [Stage("adam", EXAMPLE["plain_adam"], steps=10)]
    whole, _ = run(tmp_path / "whole", model=time_pde_model(), stages=stages)
    terms = read_log(tmp_path / "whole" / "log.jsonl")[0]["terms"]
    assert list(terms) == ["term 1", "term 2"]
    fail = At(7, lambda: (_ for _ in ()).throw(RuntimeError("end")))
    with pytest.raises(RuntimeError, match="end"):
        run(tmp_path, model=time_pde_model(), stages=stages, callbacks=[fail])
    model, _ = run(tmp_path, model=time_pde_model(), stages=stages, resume=True)
    assert torch.equal(weights(model), weights(whole))


def test_deepxde_can_plot_and_save_afterwards(tmp_path) -> None:
    model, _ = run(tmp_path, stages=[Stage("adam", adam, steps=10)])
    dde.saveplot(
        model.losshistory,
        model.train_state,
        issave=True,
        isplot=False,
        output_dir=tmp_path,
    )
    loss = torch.tensor(
        [float(x) for x in (tmp_path / "loss.dat").read_text().split()[-5:]]
    )
    assert loss.isfinite().all()
    assert (tmp_path / "train.dat").exists()


def test_progress_bar_shows_step_loss_and_time_left(tmp_path, capsys) -> None:
    run(tmp_path, progress=True)
    text = capsys.readouterr().err
    assert "net adam: 100%" in text
    assert "step 12 of 12, loss" in text
    assert "00:00 left" in text


def test_nothing_is_printed_without_a_progress_bar(tmp_path, capsys) -> None:
    run(tmp_path)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("budgets", [{}, {"steps": 0}, {"steps": 3, "seconds": -1.0}])
def test_stage_without_budget_is_refused(budgets) -> None:
    with pytest.raises(ValueError, match="steps or seconds must be given and positive"):
        Stage("adam", adam, **budgets)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stages": []}, "stages must hold at least one"),
        ({"name": "a/b"}, "name must be a plain file name"),
        ({"log_every": 0}, "log_every must be positive"),
        ({"checkpoint_steps": 0}, "checkpoint_steps must be positive"),
        ({"checkpoint_seconds": -1.0}, "checkpoint_seconds must be positive"),
        ({"config": {"f": lambda: 0}}, "config must hold JSON values"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        run(tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_deepxde_loop_of_lbfgs_is_refused(tmp_path) -> None:
    stage = Stage("l-bfgs", lambda m: m.compile("L-BFGS", verbose=0), steps=3)
    with pytest.raises(ValueError, match=r"torch\.optim\.LBFGS"):
        train(build_model(), [stage], tmp_path, name="net")
