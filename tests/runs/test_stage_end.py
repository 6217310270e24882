"""What is looked at when a stage of training ends, and where it is told."""

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde import nn
from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.runs import Stage, train
from ncl_deepxde.runs.checkpoints import load_checkpoint
from ncl_deepxde.runs.log import read_log
from ncl_deepxde.runs.stage_end import (
    broken_in,
    loss_fell,
    network_promises,
    outputs_at,
    points_of,
)

HOW = ("tanh", "Glorot normal")


def model_of(net):
    data = Collocation(lambda x, y: y[:, :1] - 1, uniform_box([0, 0], [1, 1]), 9)
    return dde.Model(data, net)


def trained(model, directory, lr=1e-2):
    def compile_model(model):
        model.compile("adam", lr=lr, verbose=0)

    stage = Stage("adam", compile_model, steps=6)
    train(model, [stage], directory, name="net", log_every=1, progress=False)
    return read_log(directory / "log.jsonl")


def test_end_of_a_stage_is_in_the_log_and_in_the_checkpoint(tmp_path, capsys):
    net = nn.NCL([2, 5, 2], *HOW)
    *earlier, last = trained(model_of(net), tmp_path)
    assert not [r for r in earlier if "promises" in r or "broken" in r]
    assert last["broken"] == []
    assert [text.partition(":")[0] for text in last["promises"]] == [
        "continuity",
        "loss of adam",
    ]
    assert "BROKEN" not in capsys.readouterr().err
    sample = load_checkpoint(tmp_path / "checkpoints" / "net.pt")["sample"]
    assert sample["inputs"].shape == (9, 2)
    assert torch.equal(net(sample["inputs"]), sample["outputs"])


def test_what_broke_is_named_in_log_and_terminal(tmp_path, capsys):
    net = nn.NCL([2, 5, 2], *HOW)
    whole = net.flux
    net.flux = lambda x: whole(x) + x[:, 1:] ** 2
    *_, last = trained(model_of(net), tmp_path, lr=10.0)
    (law, loss) = last["broken"]
    assert law.startswith("continuity: ")
    assert loss.startswith("loss of adam: ")
    told = capsys.readouterr().err
    assert f"! net, end of stage 'adam': BROKEN: {law}" in told
    assert broken_in(read_log(tmp_path / "log.jsonl")) == [law, loss]


def test_looking_changes_no_number(tmp_path, monkeypatch):
    weights = []
    for folder in ("looked", "blind"):
        dde.config.set_random_seed(1)
        net = nn.NCL([2, 5, 2], *HOW)
        trained(model_of(net), tmp_path / folder)
        weights.append(torch.cat([w.flatten() for w in net.parameters()]))
        monkeypatch.setattr(
            "ncl_deepxde.runs.stage_loop.network_promises", lambda *_: ()
        )
    assert torch.equal(*weights)


def test_loss_that_rose_is_told_and_a_short_stage_is_not_judged():
    assert loss_fell([1.0, 2.0, 3.0], "adam") is None
    assert not loss_fell([1.0, 1.2, 3.0, 1.11], "adam").holds
    assert loss_fell([1.0, 1.2, 3.0, 0.5], "adam").holds
    assert loss_fell([1.0, 1.2, float("nan"), 1.05], "adam").holds  # of new points
    assert not loss_fell([1.0, *[float("inf")] * 4], "adam").holds
    assert loss_fell([-1.0, -1.2, -3.0, -1.5], "adam").holds


def test_what_cannot_be_looked_at_ends_nothing():
    net = nn.NCL([2, 5, 2], *HOW)

    def fails(inputs):
        raise RuntimeError("no batching rule\nand more")

    net.flux = fails
    (promise,) = network_promises(net, torch.rand(3, 2))
    assert promise.holds
    assert promise.text == "could not be looked at (no batching rule)"
    assert not [*network_promises(net, None)]


@pytest.mark.parametrize("points", [None, np.zeros(3), np.zeros((0, 2)), (1, 2)])
def test_points_of_other_kinds_are_left_alone(points):
    model = model_of(dde.nn.FNN([2, 3, 1], *HOW))
    model.train_state.X_train = points
    assert points_of(model) is None


def test_outputs_are_those_of_evaluation():
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Dropout())
    sample = outputs_at(net, torch.rand(4, 2))
    assert torch.equal(sample["outputs"], net[0](sample["inputs"]))
    assert net.training
