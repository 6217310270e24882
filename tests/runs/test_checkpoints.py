"""Checkpoint files: complete or untouched, ours or refused."""

from __future__ import annotations

import errno
import os
import pickle

import pytest
import torch

from ncl_deepxde.runs.checkpoints import (
    CheckpointError,
    load_checkpoint,
    save_checkpoint,
)

PAYLOAD = {"step": 3, "weights": {"w": torch.arange(6.0).reshape(2, 3)}, "loss": [0.5]}


def test_checkpoint_returns_what_was_saved(tmp_path) -> None:
    path = tmp_path / "new" / "a.pt"
    save_checkpoint(path, PAYLOAD)
    loaded = load_checkpoint(path)
    assert torch.equal(loaded.pop("weights")["w"], PAYLOAD["weights"]["w"])
    assert loaded.pop("format").startswith("ncl_deepxde")
    assert loaded.pop("version") == 2
    assert loaded == {"step": 3, "loss": [0.5]}
    assert os.listdir(path.parent) == ["a.pt"]


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.99])
def test_truncated_checkpoint_is_refused(tmp_path, part) -> None:
    path = tmp_path / "a.pt"
    save_checkpoint(path, PAYLOAD)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(CheckpointError, match=r"a\.pt.* damaged.*a\.previous\.pt"):
        load_checkpoint(path)


def test_missing_checkpoint_is_refused(tmp_path) -> None:
    with pytest.raises(CheckpointError, match="no such file"):
        load_checkpoint(tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="no such file"):
        load_checkpoint(tmp_path)


class Evil:
    def __reduce__(self):
        return (os.mkdir, ("evil",))


def write_foreign(path, kind) -> None:
    match kind:
        case "text":
            path.write_text("no checkpoint at all\n")
        case "weights":
            torch.save(torch.nn.Linear(2, 2).state_dict(), path)
        case "tensor":
            torch.save(torch.zeros(3), path)
        case "version":
            torch.save({"format": "ncl_deepxde checkpoint", "version": 99}, path)
        case "code":
            path.write_bytes(pickle.dumps(Evil()))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("text", "no checkpoint"),
        ("weights", "format tag must be"),
        ("tensor", "format tag must be"),
        ("version", "version must be 2 with.*got 99 without"),
        ("code", "no checkpoint"),
    ],
)
def test_foreign_checkpoint_is_refused(tmp_path, monkeypatch, kind, message) -> None:
    monkeypatch.chdir(tmp_path)
    write_foreign(tmp_path / "a.pt", kind)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path / "a.pt")
    assert os.listdir(tmp_path) == ["a.pt"]


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_full_disk_leaves_the_old_checkpoint(tmp_path, monkeypatch, function) -> None:
    path = tmp_path / "a.pt"
    save_checkpoint(path, PAYLOAD)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, function, full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, PAYLOAD | {"step": 4})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.pt"]


FLIPPED = 255


def test_every_flipped_byte_is_found(tmp_path) -> None:
    path = tmp_path / "a.pt"
    save_checkpoint(path, PAYLOAD)
    whole = bytearray(path.read_bytes())
    for i in range(len(whole)):
        whole[i] ^= FLIPPED
        path.write_bytes(whole)
        with pytest.raises(CheckpointError, match=r"a\.pt: the file is damaged"):
            load_checkpoint(path)
        whole[i] ^= FLIPPED


def test_checkpoint_of_the_version_before_is_read_or_refused(tmp_path) -> None:
    path = tmp_path / "a.pt"
    old = {"format": "ncl_deepxde checkpoint", "version": 1, **PAYLOAD}
    torch.save(old, path)
    loaded = load_checkpoint(path)
    assert torch.equal(loaded.pop("weights")["w"], PAYLOAD["weights"]["w"])
    assert loaded["loss"] == [0.5]
    # torch alone would load other weights here.
    numbers = PAYLOAD["weights"]["w"].numpy().tobytes()
    whole = path.read_bytes()
    path.write_bytes(whole.replace(numbers, numbers[::-1]))
    with pytest.raises(CheckpointError, match=r"damaged.*has changed"):
        load_checkpoint(path)


def test_checkpoint_that_lost_its_checksum_is_refused(tmp_path) -> None:
    path = tmp_path / "a.pt"
    torch.save({"format": "ncl_deepxde checkpoint", "version": 2, **PAYLOAD}, path)
    with pytest.raises(CheckpointError, match="got 2 without"):
        load_checkpoint(path)
