"""A Gauss-Newton run killed in the middle of a step goes on to the same numbers."""

from __future__ import annotations

import runpy
import signal
from pathlib import Path

import pytest
import torch
import warm_process

from ncl_deepxde.runs.checkpoints import load_checkpoint

SCRIPT = Path(__file__).with_name("killed_run.py")
EXAMPLE = runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Directory with one killed run for each of the options."""
    directory = tmp_path_factory.mktemp("killed")
    done = warm_process.run([SCRIPT, directory])
    assert done.returncode == 0, done.stderr
    for name in EXAMPLE["OPTIONS"]:
        assert f"{name} {-signal.SIGKILL}" in done.stdout.splitlines()
    return directory


@pytest.mark.parametrize("name", EXAMPLE["OPTIONS"])
def test_killed_run_resumes_to_the_same_numbers(killed, tmp_path, name: str) -> None:
    run = EXAMPLE["run"]
    saved = load_checkpoint(killed / name / "checkpoints" / "net.pt")
    assert saved["progress"]["steps"] == 4
    assert saved["state"]["optimizer"]["param_groups"][0]["steps"] == 4
    resumed, found = run(killed / name, name, resume=True)
    unbroken, expected = run(tmp_path, name)
    pairs = zip(resumed.net.parameters(), unbroken.net.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    assert (found.steps, found.loss) == (12, expected.loss)
    states = [model.opt.state_dict()["param_groups"] for model in (resumed, unbroken)]
    assert states[0] == states[1]
