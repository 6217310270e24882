"""A directory for one run at a time, which can be written."""

from __future__ import annotations

import errno
import os
import platform
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["check_writable", "sole_use"]

LOCK = ".lock"
TEMPORARY = re.compile(r"\..*\.(\d+)(\.\w+)?")
"""Names that :func:`ncl_deepxde.files.replacing` and reference_fem give to files that
are not complete: with the number of the process."""
ROOM = 2**20
"""Bytes that must fit: less than the smallest run writes."""

TAKEN = {errno.EWOULDBLOCK, errno.EACCES}


def check_writable(directory: Path) -> None:
    """Make a directory, and try it with a file of one MiB.

    Args:
        directory: The directory; those above are made, too.

    Raises:
        ValueError: It cannot be made, or not be written to.
    """
    probe = directory / f".probe.{os.getpid()}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        try:
            with probe.open("wb") as file:
                file.write(bytes(ROOM))
                file.flush()
                # Some file systems notice only here that they are full.
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise ValueError(
            f"--out: {directory} must be a directory that can be written "
            f"({error.strerror}). Choose another one."
        ) from error


@contextmanager
def sole_use(directory: Path) -> Iterator[None]:
    """Keep other runs out of a directory, within the block.

    A lock of the file ``.lock`` in there, which the system frees when the process ends
    in whatever way. What killed runs did not complete is removed. Where the file system
    has no locks a warning says so.

    Args:
        directory: A directory that can be written.

    Raises:
        ValueError: Another run has it.
    """
    path = directory / LOCK
    held = _lock(path, directory)
    if held is None:
        yield
        return
    try:
        _remove_temporary_files(directory)
        yield
    finally:
        # While it is held: a new file under this name is not the one of others.
        path.unlink(missing_ok=True)
        os.close(held)


def _lock(path: Path, directory: Path) -> int | None:
    """Return the open file of the lock; none where there are no locks."""
    if fcntl is None:
        return None
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(file, 200, 0).decode(errors="replace").strip()
            os.close(file)
            if error.errno in TAKEN:
                raise ValueError(
                    f"--out: another run writes to {directory}"
                    f"{f' ({owner})' if owner else ''}. Wait until it ends, stop it, "
                    "or choose another directory."
                ) from error
            warnings.warn(
                f"--out: {directory} is on a file system without locks "
                f"({error.strerror}), so a second run into it is not noticed. Start "
                "none.",
                stacklevel=4,
            )
            path.unlink(missing_ok=True)
            return None
        with suppress(OSError):
            if os.path.samestat(os.fstat(file), os.stat(path)):
                break
        # The run before removed the file between these two lines.
        os.close(file)
    with suppress(OSError):  # a full disk: the words are for people alone
        os.truncate(file, 0)
        os.pwrite(file, f"process {os.getpid()} on {platform.node()}".encode(), 0)
    return file


def _remove_temporary_files(directory: Path) -> None:
    """Remove what processes that are gone left incomplete in a run directory."""
    for path in directory.rglob(".*"):
        match = TEMPORARY.fullmatch(path.name)
        if match and not _is_running(int(match[1])):
            with suppress(OSError):
                path.unlink()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
