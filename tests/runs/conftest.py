"""A finished run, shared by the tests of what may interrupt one."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import deepxde as dde
import pytest
import torch
from resumable_run import log_of, run, weights


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """Directory, final weights, result and log of a run without interruption."""
    directory = tmp_path_factory.mktemp("unbroken")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    dde.config.real.set_float64()
    model, result = run(directory)
    torch.set_default_dtype(before)
    return directory, weights(model), result, log_of(directory)


@pytest.fixture
def ctrl_c():
    """Send SIGINT, which a background process would ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: os.kill(os.getpid(), signal.SIGINT)
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler
