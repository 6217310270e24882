"""The cache of compiled forms, and the locks that killed runs leave in it.

Before a form is compiled, its C file is created; when all is done, a file with the
ending ``.c.cached`` appears beside it. Whoever finds the first without the second waits
ten seconds for it and fails. So a run that is killed while it compiles would make all
later runs fail.

A lock does not name its owner. On a disk of this machine it is dead if no other process
has loaded dolfinx, which Linux tells; elsewhere it is when it is older than any
compilation.
"""

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Any

from ._dolfinx import jit

PATIENCE = 60.0
"""Seconds after which a compilation counts as dead; here they take up to 10."""
PROCESSES = Path("/proc")
LOCAL = {"btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"}
"""File systems that only this machine writes to."""


def clear_stale_locks(comm: Any) -> None:
    """Clear the cache that dolfinx uses, by the first process.

    Args:
        comm: MPI communicator of those that will compile.
    """
    ours = set(comm.allgather(os.getpid()))
    if comm.rank == 0:
        folder = Path(jit.get_options()["cache_dir"])
        is_alone = is_local(folder) and not others_may_compile(ours)
        clear_folder(folder, 0.0 if is_alone else PATIENCE)
    comm.Barrier()


def is_local(folder: Path) -> bool:
    """Return whether a folder is known to be on a disk of this machine.

    Args:
        folder: The folder; it may be missing.
    """
    try:
        lines = (PROCESSES / "self" / "mounts").read_text().splitlines()
    except OSError:
        return False
    mounts = {Path(line.split()[1]): line.split()[2] for line in lines}
    place = folder.resolve()
    above = (mounts[path] for path in (place, *place.parents) if path in mounts)
    return next(above, None) in LOCAL


def others_may_compile(ours: set[int]) -> bool:
    """Return whether other processes have loaded dolfinx, or this cannot be told.

    Those of other users do not count: they have caches of their own.

    Args:
        ours: Numbers of the processes that belong together.
    """
    if not (PROCESSES / "self" / "maps").is_file():
        return True
    for process in PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            is_other = int(process.name) not in ours
            if is_other and "dolfinx" in (process / "maps").read_text():
                return True
    return False


def clear_folder(folder: Path, patience: float = PATIENCE) -> None:
    """Wait for compilations under way, and remove the locks of dead ones.

    Args:
        folder: Cache of compiled forms; it may be missing.
        patience: Seconds after which a compilation counts as dead.
    """
    for lock in folder.glob("libffcx_*.c"):
        age = _unfinished_for(lock)
        if age is not None and age <= patience:
            print(
                f"reference_fem: waits up to {patience:.0f} s for another run that "
                f"compiles a form ({lock})",
                file=sys.stderr,
            )
        while age is not None and age <= patience:
            time.sleep(0.2)
            age = _unfinished_for(lock)
        if age is not None:
            lock.unlink(missing_ok=True)


def _unfinished_for(lock: Path) -> float | None:
    """Return the seconds since a compilation began, or None if it has ended."""
    try:
        age = time.time() - lock.stat().st_mtime
    except FileNotFoundError:
        return None
    return None if lock.with_suffix(".c.cached").exists() else age
