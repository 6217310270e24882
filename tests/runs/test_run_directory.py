"""One run at a time in a directory that can be written."""

import errno
import os
import signal

import pytest
import warm_process

from ncl_deepxde.runs import run_directory
from ncl_deepxde.runs.run_directory import check_writable, sole_use


def test_a_directory_is_made_and_tried(tmp_path) -> None:
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"^--out: .*file must be a directory.*Choose"):
        check_writable(tmp_path / "file")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_a_disk_that_takes_nothing_is_told_and_no_file_stays(
    tmp_path, monkeypatch, code
) -> None:
    def fail(file):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ValueError, match=rf"\({os.strerror(code)}\)\. Choose another"):
        check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_directory_is_for_one_and_then_for_the_next(tmp_path) -> None:
    with sole_use(tmp_path):
        owner = f"process {os.getpid()} on"
        refused = pytest.raises(ValueError, match=rf"^--out: another .*\({owner}")
        with refused, sole_use(tmp_path):
            pytest.fail("two have it")
        with pytest.raises(ValueError, match=str(tmp_path)), sole_use(tmp_path):
            pytest.fail("the refused one has freed it")
    assert list(tmp_path.iterdir()) == []
    with sole_use(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_it_is_freed_after_an_error(tmp_path) -> None:
    with pytest.raises(KeyError), sole_use(tmp_path):
        raise KeyError
    with sole_use(tmp_path):
        pass


HOLDER = """
import sys, time
from pathlib import Path
from ncl_deepxde.runs.run_directory import sole_use
with sole_use(Path(sys.argv[1])):
    Path(sys.argv[1], "begun").touch()
    time.sleep(60)
"""


def test_a_killed_run_leaves_a_directory_that_can_be_used(tmp_path) -> None:
    holder = warm_process.Started(["-c", HOLDER, tmp_path])
    while not (tmp_path / "begun").exists():
        assert holder.poll() is None
    refused = pytest.raises(ValueError, match=rf"\(process {holder.pid} on")
    with refused, sole_use(tmp_path):
        pytest.fail("two have it")
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    left = [f".metrics.{holder.pid}.json", f".reference.npz.{holder.pid}"]
    mine = [f".metrics.{os.getpid()}.json", ".gitignore", ".a.b"]
    (tmp_path / "checkpoints").mkdir()
    for name in (*left, *mine, f"checkpoints/.net.{holder.pid}.pt"):
        (tmp_path / name).touch()
    with sole_use(tmp_path):
        names = {path.name for path in tmp_path.rglob("*")}
        assert names == {*mine, ".lock", "checkpoints", "begun"}


def test_the_file_of_a_run_that_ends_meanwhile_is_not_taken(
    tmp_path, monkeypatch
) -> None:
    """Between opening and locking, its owner may remove it and a third make another."""
    tried = []
    flock = run_directory.fcntl.flock

    def late(file, how):
        if not tried:
            (tmp_path / ".lock").unlink()
        tried.append(file)
        flock(file, how)

    monkeypatch.setattr(run_directory.fcntl, "flock", late)
    with sole_use(tmp_path):
        assert len(tried) == 2
        with pytest.raises(ValueError, match="another run"), sole_use(tmp_path):
            pass


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_without_locks_a_warning_says_so(tmp_path, monkeypatch, code) -> None:
    def fail(file, how):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(run_directory.fcntl, "flock", fail)
    told = pytest.warns(UserWarning, match="file system without locks")
    with told, sole_use(tmp_path):
        assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(run_directory, "fcntl", None)
    with sole_use(tmp_path):
        assert list(tmp_path.iterdir()) == []
