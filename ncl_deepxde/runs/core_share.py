"""What share of a core the training thread gets: little on a busy machine."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["CoreShare"]


class CoreShare:
    """Compares the CPU time of this thread with the clock on the wall.

    A thread that computes gets a whole core from an idle machine, for it waits for the
    other threads of a matrix product only shortly. On a machine with other work, or in
    a container at its limit, it gets less.

    Args:
        window: Seconds on the wall that one value is about.
        wall: Clock on the wall.
        cpu: CPU time of the calling thread, in seconds.
    """

    def __init__(
        self,
        window: float = 5.0,
        wall: Callable[[], float] = time.perf_counter,
        cpu: Callable[[], float] = time.thread_time,
    ) -> None:
        self._window = window
        self._clocks = wall, cpu
        self._begin = wall(), cpu()
        self._share = 1.0

    def __call__(self) -> float:
        """Return the share in the last window that is over, 1 before."""
        wall, cpu = (clock() for clock in self._clocks)
        passed = wall - self._begin[0]
        if passed >= self._window:
            self._share = min((cpu - self._begin[1]) / passed, 1.0)
            self._begin = wall, cpu
        return self._share
