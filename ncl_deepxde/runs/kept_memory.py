"""Memory that one step of training frees and the next one takes again.

The C library of Linux returns large pieces of memory to the system as soon as they are
free. Every step then takes its tensors anew, page by page, each of which the system
fills with zeros: a fifth to a quarter of a step with many derivatives on a CPU.
"""

from __future__ import annotations

import ctypes
import os
import sys

__all__ = ["keep_memory"]

# From malloc.h of the GNU C library.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
MOST_FREE, LARGEST = 2**31 - 1, 2**30
# Who chose values of their own keeps them.
CHOSEN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


def keep_memory() -> bool:
    """Let this process keep up to 2 GiB that it has freed, in pieces of up to 1 GiB.

    It needs no more at its peak, and gives back less afterwards. Only the GNU C library
    is told so, and only where no variable of the environment says how to use memory.

    Returns:
        Whether memory is kept from now on.
    """
    if sys.platform != "linux" or any(name in os.environ for name in CHOSEN):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    kept = mallopt(TRIM_THRESHOLD, MOST_FREE), mallopt(MMAP_THRESHOLD, LARGEST)
    return all(kept)
