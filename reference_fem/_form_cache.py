"""The cache of compiled forms, and the locks that killed runs leave in it.

Before a form is compiled, its C file is created; when all is done, a file with the
ending ``.c.cached`` appears beside it. Whoever finds the first without the second waits
ten seconds for it and fails. So a run that is killed while it compiles would make all
later runs fail.
"""

import sys
import time
from pathlib import Path
from typing import Any

from ._dolfinx import jit

PATIENCE = 60.0
"""Seconds after which a compilation counts as dead; here they take up to 10."""


def clear_stale_locks(comm: Any) -> None:
    """Clear the cache that dolfinx uses, by the first process.

    Args:
        comm: MPI communicator of those that will compile.
    """
    if comm.rank == 0:
        clear_folder(Path(jit.get_options()["cache_dir"]))
    comm.Barrier()


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
