"""How many threads a run computes with."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import torch

__all__ = ["available_cores", "default_threads", "set_threads"]

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Microseconds of CPU in each period of a container of Linux, and the period."""

MOST = 4
"""Most threads without being asked: matrices of networks this small feed no more."""


def available_cores(quota: Path = QUOTA) -> int:
    """Return the number of cores that this process may use, at least 1.

    Args:
        quota: File of the container's limit, where there is one.
    """
    cores = os.cpu_count() or 1
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))
    # The file may be missing, and without a limit it says "max".
    with suppress(OSError, ValueError):
        granted, period = map(int, quota.read_text(encoding="ascii").split())
        cores = min(cores, granted // period)
    return max(cores, 1)


def default_threads() -> int:
    """Return the number of threads of a run: a function of the machine, not its load.

    That of ``OMP_NUM_THREADS`` where it is set, otherwise one for each core this
    process may use, at most 4. The last bits of a result depend on the number, so a
    busy machine must not change it.
    """
    if "OMP_NUM_THREADS" in os.environ:
        return torch.get_num_threads()
    return min(available_cores(), MOST)


def set_threads(number: int) -> None:
    """Let torch compute with a number of threads.

    Raises:
        ValueError: The number is not from 1 to 1024.
    """
    if not 1 <= number <= 1024:
        raise ValueError(
            f"--threads: must be from 1 to 1024, got {number}. Leave --threads out for "
            f"the default of this machine, {default_threads()}."
        )
    torch.set_num_threads(number)
