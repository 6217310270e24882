"""Files that are either complete or absent, and hashes of their content."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import BadZipFile

import numpy as np

__all__ = ["PathLike", "arrays_in", "content_hash", "replacing"]

PathLike: TypeAlias = str | os.PathLike[str]


@contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """Yield a temporary path, which replaces ``path`` when the block ends well.

    A reader never sees half a file. If the block raises, an older file stays. The
    temporary name keeps the suffix, from which libraries choose the format.

    Args:
        path: The file to write. Missing folders are made.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def arrays_in(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the arrays of an npz file that a run wrote, to be read within the block.

    Args:
        path: The npz file.

    Raises:
        ValueError: The file is damaged, or an array that the block reads is not in it.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            yield data
    except (OSError, EOFError, LookupError, ValueError, BadZipFile, zlib.error) as e:
        raise ValueError(
            f"{path}: is damaged or holds something else ({e}). Remove it, and it is "
            "written again."
        ) from e


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents in a folder.

    Args:
        path: The file or folder.
    """
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    found = hashlib.sha256()
    for inner in sorted(p for p in path.rglob("*") if p.is_file()):
        name = inner.relative_to(path).as_posix()
        found.update(f"{name} {content_hash(inner)}\n".encode())
    return found.hexdigest()
