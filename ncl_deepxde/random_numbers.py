"""Random numbers of libraries that draw them from NumPy's global generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

__all__ = ["numpy_seed"]


@contextmanager
def numpy_seed(seed: int) -> Iterator[None]:
    """Let a seed alone decide NumPy's global random numbers, and restore its state.

    The points of DeepXDE's geometries come from there.
    """
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
