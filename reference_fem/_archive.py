"""Named arrays in one npz file with a checksum, written at once or not at all."""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from tokenize import TokenError
from typing import Any, TypeVar

import numpy as np

__all__ = ["below", "read", "write"]

T = TypeVar("T")

MOST_BYTES = 2**33
"""Bytes that a file may unpack to."""

SUM = "sha256"
"""Name of the array that holds the checksum; files of version 0.1 have none."""


def write(path: str | os.PathLike[str], arrays: Mapping[str, Any]) -> None:
    """Write arrays; an existing file is replaced once all of them are on the disk.

    Args:
        path: File to write.
        arrays: Arrays by name.

    Raises:
        OSError: If the directory is missing or not writable, or the disk full.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            # First: where the number of entries is damaged, the last ones are lost.
            np.savez(stream, **{SUM: np.array(_checksum(arrays)), **arrays})
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def read(
    path: str | os.PathLike[str],
    what: str,
    remedy: str,
    unpack: Callable[[dict[str, Any]], T],
) -> T:
    """Return what a function makes of the arrays in a file.

    Args:
        path: File that :func:`write` wrote.
        what: What the file holds, for messages, such as ``"reference solution"``.
        remedy: How to get one, for messages.
        unpack: Gets the arrays by name; what it raises for missing or wrong ones means
            that the file is another one.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is truncated or another file.
    """
    name = os.fspath(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"no {what} at {name!r}; {remedy}")
    try:
        # numpy leaves the file open where it is no archive
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as archive:
            size = sum(part.file_size for part in archive.zip.infolist())
            if size > MOST_BYTES:
                raise ValueError(
                    f"it unpacks to {size:,} bytes, the limit is {MOST_BYTES:,}"
                )
            arrays = dict(archive)
        expected = arrays.pop(SUM, None)
        if expected is not None and str(expected) != _checksum(arrays):
            raise ValueError("its checksum is another one: it has changed")
        return unpack(arrays)
    except (
        OSError,
        EOFError,
        LookupError,
        MemoryError,
        RuntimeError,
        SyntaxError,
        TokenError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(
            f"{name!r} is not a complete {what} ({error}); {remedy}"
        ) from error


def _checksum(arrays: Mapping[str, Any]) -> str:
    """Return the SHA-256 of names, types, shapes and numbers."""
    found = hashlib.sha256()
    for name, value in sorted(arrays.items()):
        array = np.ascontiguousarray(value)
        found.update(f"{name} {array.dtype.str} {np.shape(value)}\n".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def below(prefix: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arrays whose names begin with a prefix, by the rest of the name."""
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }
