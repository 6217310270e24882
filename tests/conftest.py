"""Fixtures shared by all tests: the float type, seeds, a clean DeepXDE."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

# Every folder of tests may import the list of all networks and the map of the house.
sys.path.insert(0, str(Path(__file__).parent / "nn"))
sys.path.insert(0, str(Path(__file__).parent))

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("DDE_BACKEND", "pytorch")
# One thread, here and in subprocesses: the networks are too small to share, busy cores
# would make them wait for each other, and rounding depends on the number.
os.environ["OMP_NUM_THREADS"] = "1"

import deepxde as dde
import pytest
import torch
from cpu_budget import (  # noqa: F401  hooks
    pytest_runtest_call,
    pytest_runtest_setup,
    pytest_terminal_summary,
)
from deepxde.gradients.gradients import clear

torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with files of slow tests: workers that end with short ones end together."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def set_float(name: str) -> None:
    """Set DeepXDE's float type without its message."""
    with contextlib.redirect_stdout(io.StringIO()):
        dde.config.set_default_float(name)


@pytest.fixture(autouse=True)
def _clean_globals() -> Iterator[None]:
    """Seed every generator, compute in float64, and give the globals back."""
    dde.config.set_random_seed(0)
    set_float("float64")
    yield
    set_float("float32")
    dde.config.mixed = False  # which set_default_float leaves on
    clear()
    torch.set_num_threads(1)


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    """Run a test once in each float type; the value is the torch dtype."""
    set_float(request.param)
    return torch.get_default_dtype()
