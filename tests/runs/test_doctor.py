"""What the doctor looks at, and what it says of what is missing."""

import pytest
import torch

from ncl_deepxde.cli import main
from ncl_deepxde.evaluation import ContinuityError
from ncl_deepxde.runs import doctor


@pytest.fixture(scope="module")
def checks(tmp_path_factory):
    """All checks by name, on this machine."""
    folder = tmp_path_factory.mktemp("here")
    found = {check.name: check for check in doctor.examine(folder)}
    assert list(folder.iterdir()) == []
    return found


def test_everything_asked_for_is_looked_at(checks):
    wanted = {"python", "torch", "deepxde", "GPU", "threads", "dolfinx", "disk"}
    assert wanted | {"exactness", "training"} <= set(checks)
    assert torch.__version__.split("+")[0] in checks["torch"].found


def test_a_sound_installation_passes(checks):
    for name in ("exactness", "training"):
        assert checks[name].is_needed
        assert checks[name].remedy == ""


def test_a_wrong_network_fails(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    wrong = ContinuityError(largest=1.0, relative=0.1)
    monkeypatch.setattr(doctor, "continuity_error", lambda *_: wrong)
    assert main(["doctor"]) == 1
    shown = capsys.readouterr()
    assert "FAILED  exactness" in shown.out
    assert "must be exact to round-off" in shown.out
    assert "doctor: these must not fail: exactness" in shown.err


def test_what_is_missing_has_a_remedy(monkeypatch):
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    monkeypatch.setattr(doctor, "DISK", 1e9)
    for name, check in {c.name: c for c in doctor._parts()}.items():
        assert "missing" in check.found
        assert "pip install" in check.remedy, name
        assert not check.is_needed


def test_little_disk_and_memory_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "DISK", 1e9)
    monkeypatch.setattr(doctor, "available_memory", lambda device: 2.0**30)
    disk, memory = doctor._room(tmp_path)
    assert "free some space" in disk.remedy
    assert "close other programs" in memory.remedy
