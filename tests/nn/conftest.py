"""One thread: the networks here are too small to share, and cores may be busy."""

import pytest
import torch


@pytest.fixture(autouse=True)
def _one_thread(_clean_globals):
    torch.set_num_threads(1)
