"""Files that are either complete or absent, and their content in one number."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends well.

    A reader never sees half a file; if the block raises, an older file stays. The
    temporary name keeps the suffix, by which libraries choose the format.
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
    """Yield the arrays of an npz file that a run wrote, to be read in the block.

    Raises:
        ValueError: The file is damaged, or what the block looks for is not in it.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            yield data
    except (OSError, EOFError, LookupError, ValueError, BadZipFile, zlib.error) as e:
        raise ValueError(
            f"reference: {path} is damaged or holds something else ({e}). Remove it, "
            "and it is written again."
        ) from e


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents in a folder."""
    found = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    for inner in sorted(p for p in path.rglob("*") if p.is_file()):
        name = inner.relative_to(path).as_posix()
        found.update(f"{name} {content_hash(inner)}\n".encode())
    return found.hexdigest()
