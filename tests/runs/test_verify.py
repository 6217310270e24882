"""A finished run is looked at again: all is well, or what broke is named."""

import json
import shutil

import numpy as np
import pytest
import torch

from ncl_deepxde.cli import main
from ncl_deepxde.runs.checkpoints import load_checkpoint, save_checkpoint
from ncl_deepxde.runs.run import Output, RunOptions, run
from ncl_deepxde.runs.skeleton import write_problem
from ncl_deepxde.runs.verify import verify


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The directory of a run of a plain and an exact network."""
    folder = tmp_path_factory.mktemp("runs")
    problem = write_problem(folder / "pond")
    options = RunOptions(str(problem), "smoke", (), 0, "cpu", threads=1)
    run(options, folder / "whole", output=Output(quiet=True))
    return folder / "whole"


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of that directory, to be broken."""
    return shutil.copytree(finished, tmp_path / "copy")


def broken(directory):
    return {p.name: p.text for p in verify(directory) if not p.holds}


def test_every_promise_of_a_whole_run_holds(finished, capsys):
    names = [promise.name for promise in verify(finished) if promise.holds]
    assert names == [
        "reference",
        *(f"pinn, {what}" for what in ("finished", "environment", "metrics.json")),
        "pinn, the same after saving and loading",
        *(f"ncl, {what}" for what in ("finished", "environment", "metrics.json")),
        "ncl, the same after saving and loading",
        "ncl, continuity",
    ]
    assert main(["verify", str(finished)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(names)
    assert all(line.startswith("ok      ") for line in lines)


def test_a_checkpoint_of_other_weights_is_found(copy, capsys):
    path = copy / "checkpoints" / "ncl.pt"
    saved = load_checkpoint(path)
    saved["state"]["weights"]["network.linears.0.weight"][0, 0] += 0.1
    save_checkpoint(path, saved)
    assert list(broken(copy)) == ["ncl, the same after saving and loading"]
    assert main(["verify", str(copy)]) == 1
    told = capsys.readouterr()
    assert "BROKEN  ncl, the same after saving and loading: " in told.out
    assert "verify: 1 of 10 promises are broken: ncl, the same" in told.err


def test_damaged_and_unfinished_checkpoints_are_found(copy):
    path = copy / "checkpoints" / "pinn.pt"
    whole = bytearray(path.read_bytes())
    saved = load_checkpoint(path)
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    assert "the file is damaged" in broken(copy)["pinn, checkpoint"]
    saved["progress"]["stopped_by"] = ""
    save_checkpoint(path, saved)
    assert list(broken(copy)) == ["pinn, finished"]
    del saved["state"]["weights"]["linears.0.weight"]
    save_checkpoint(path, saved)
    assert "Missing key" in broken(copy)["pinn, weights"]


def test_a_metric_that_is_not_of_the_checkpoint_is_found(copy):
    path = copy / "metrics.json"
    metrics = json.loads(path.read_text())
    metrics["models"]["pinn"]["loss"] *= 1.001
    path.write_text(json.dumps(metrics))
    with pytest.raises(ValueError, match=r"metrics\.json is damaged or was changed"):
        list(verify(copy))
    del metrics["sha256"]
    path.write_text(json.dumps(metrics))
    assert list(broken(copy)) == ["pinn, metrics.json"]


def test_a_law_that_the_network_does_not_keep_is_found(copy, monkeypatch):
    monkeypatch.setattr(
        "ncl_deepxde.nn.ncl.NCL.flux", lambda net, x: net(x)[:, :2] + x[:, 1:] ** 2
    )
    assert list(broken(copy)) == ["ncl, continuity"]


def test_a_reference_that_cannot_be_read_is_found(copy):
    (copy / "reference.npz").write_bytes(b"PK")
    assert "reference" in broken(copy)


def test_a_stage_that_raised_its_loss_is_found(copy):
    path = copy / "log.jsonl"
    record = json.loads(path.read_text().splitlines()[0])
    with path.open("a") as file:
        for _ in range(3):
            file.write(json.dumps(record | {"loss": 10 * record["loss"]}) + "\n")
    assert list(broken(copy)) == ["pinn, loss of gauss-newton"]


def test_other_machines_are_told_and_break_nothing(copy):
    path = copy / "checkpoints" / "ncl.pt"
    saved = load_checkpoint(path)
    saved["environment"]["torch"] = "1.0"
    save_checkpoint(path, saved)
    found = {promise.name: promise for promise in verify(copy)}
    assert found["ncl, environment"].holds
    assert "torch was 1.0 and is now" in found["ncl, environment"].text


@pytest.mark.parametrize("name", ["config.json", "metrics.json"])
@pytest.mark.parametrize("content", [None, "{", "[]", "{}", "3"])
def test_what_is_no_run_is_refused_in_one_line(copy, capsys, name, content):
    (copy / name).unlink()
    if content is not None:
        (copy / name).write_text(content)
    assert main(["verify", str(copy)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "must be the directory of a finished run" in told
    assert name in told


def test_other_settings_and_data_are_refused(copy, tmp_path):
    path = copy / "config.json"
    config = json.loads(path.read_text())
    del config["sha256"]
    changed = config | {"settings": config["settings"] | {"steps": 4}}
    path.write_text(json.dumps(changed))
    with pytest.raises(ValueError, match="has other settings now"):
        list(verify(copy))
    path.write_text(json.dumps(config | {"data": {"a.csv": "0"}}))
    with pytest.raises(ValueError, match=r"--data: must be the files.*a\.csv.*none"):
        list(verify(copy))
    path.write_text(json.dumps(config))
    np.savez(tmp_path / "b.npz", x=torch.ones(1).numpy())
    with pytest.raises(ValueError, match="--data"):
        list(verify(copy, [tmp_path / "b.npz"]))
