"""What two processes found, once for all tests."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    """See pair.py: by name what both processes found, and one alone."""
    folder = tmp_path_factory.mktemp("pair")
    script = str(Path(__file__).with_name("pair.py"))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script, str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not done.returncode, done.stderr
    return torch.load(folder / "all.pt", weights_only=True) | {"folder": folder}
