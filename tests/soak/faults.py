"""The command ``ncl-deepxde`` in a process that meets a fault at a change of a file.

``python faults.py ROOT NUMBER FAULT WORD ...`` runs ``ncl-deepxde WORD ...``. At the
NUMBER-th change of a file below ROOT, opened for writing, renamed, removed or made, the
FAULT happens. With number 0 the changes are counted and told at the end.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}


def full() -> None:
    """Refuse a change as a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_only() -> None:
    """Refuse a change as a disk does that can only be read."""
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def send(number: int) -> Callable[[], None]:
    """Return what sends a signal to this process."""
    return lambda: os.kill(os.getpid(), number)


ONCE = {
    "kill": send(signal.SIGKILL),
    "term": send(signal.SIGTERM),
    "ctrl-c": send(signal.SIGINT),
    "full once": full,
}
"""Faults that happen at one change."""
EVER = {"full": full, "read-only": read_only, "ctrl-c twice": send(signal.SIGINT)}
"""Faults that happen at all later ones, too."""


def is_change(event: str, arguments: Any, root: str) -> bool:
    """Tell whether an event that Python audits changes something below a folder."""
    if event == "open":
        if not arguments[2] & WRITES:
            return False
    elif event not in CHANGES:
        return False
    path = arguments[0]
    return isinstance(path, str | os.PathLike) and os.path.abspath(path).startswith(
        root
    )


def install(root: Path, number: int, fault: str) -> list[int]:
    """Let a fault happen at a change below a folder; returns the count of changes."""
    place, count = os.path.abspath(root), [0]

    def hook(event: str, arguments: Any) -> None:
        if not is_change(event, arguments, place):
            return
        count[0] += 1
        if number and fault in ONCE and count[0] == number:
            ONCE[fault]()
        # A removal frees room, and is what cleans up.
        if number and fault in EVER and count[0] >= number and event != "os.remove":
            EVER[fault]()

    sys.addaudithook(hook)
    return count


def main() -> int:
    """Run the command and return its exit code."""
    from ncl_deepxde import cli

    # A process without a terminal ignores Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    root, number, fault, *words = sys.argv[1:]
    count = install(Path(root), int(number), fault)
    code = cli.main(words)
    if not int(number):
        print(f"changes: {count[0]}")
    return code


if __name__ == "__main__":
    sys.exit(main())
