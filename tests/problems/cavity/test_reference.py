"""The reference of the cavity: its file, and an error where there is none."""

import pytest

from ncl_deepxde.problems.cavity import reference
from ncl_deepxde.problems.cavity.presets import PRESETS


def test_failure_of_the_solver_is_an_error(tmp_path, monkeypatch, capfd):
    script = tmp_path / "script.py"
    script.write_text("raise SystemExit('it failed')")
    monkeypatch.setattr(reference, "SCRIPT", script)
    settings = PRESETS["smoke"].settings()
    with pytest.raises(RuntimeError, match=r"ended with code 1.*extras fem and mesh"):
        reference.compute(settings, tmp_path / "reference.npz")
    assert "it failed" in capfd.readouterr().err
