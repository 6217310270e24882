"""What a run computes with, and what of it has changed."""

import platform

import torch

from ncl_deepxde.runs.environment import environment, installed_versions, tell_changes


def test_versions_numbers_and_device_are_named() -> None:
    found = environment()
    assert found["python"] == platform.python_version()
    assert found["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert found["float type"] in ("float32", "float64")
    assert found["device"].startswith(("cpu", "cuda"))
    assert all(isinstance(value, str) for value in found.values())


def test_changes_are_told_and_what_was_not_known_is_not() -> None:
    now = environment()
    assert tell_changes(now, now) == ""
    assert tell_changes({}, now) == ""
    before = now | {"torch": "1.0", "device": "cuda, small"}
    told = tell_changes(before, now)
    assert told.startswith(f"torch was 1.0 and is now {now['torch']}; device was cuda")
    assert tell_changes(before, {}).endswith("is now None")


def test_a_package_that_is_not_installed_has_no_version(monkeypatch) -> None:
    monkeypatch.setattr("ncl_deepxde.runs.environment.PACKAGES", ("no-such-package",))
    assert installed_versions() == {"no-such-package": None}
