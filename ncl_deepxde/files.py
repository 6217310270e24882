"""Files that are either complete or absent, and checksums of their content.

An archive that a run writes, of arrays or a checkpoint, is a zip file whose comment is
the SHA-256 of all other bytes. numpy and torch skip comments, and neither compares all
bytes with the sums of 32 bits that zip files have of their own. A JSON file holds the
sum of its other values, which may be laid out anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import Any, TypeAlias
from zipfile import BadZipFile, ZipFile

import numpy as np

__all__ = [
    "DAMAGE",
    "MOST_BYTES",
    "PathLike",
    "arrays_in",
    "check_seal",
    "check_unpacked",
    "content_hash",
    "read_json",
    "replacing",
    "seal",
    "write_arrays",
    "write_json",
]

PathLike: TypeAlias = str | os.PathLike[str]

MOST_BYTES = 2**33
"""Bytes that an archive may unpack to: some hundred times what the largest run writes.
A file that packs more is refused before it is unpacked."""

SEAL = b"ncl_deepxde sha256 "
COMMENT = len(SEAL) + 64
JSON_SUM = "sha256"
END = b"PK\x05\x06"  # of a zip file: 22 bytes, the length of the comment, the comment

DAMAGE = (
    BadZipFile,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TokenError,
    ValueError,
    zlib.error,
)
"""What numpy and zipfile raise for archives with flipped bytes."""


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


def seal(path: PathLike) -> None:
    """Append the checksum of a zip archive that has no comment yet.

    Args:
        path: The file.
    """
    with open(path, "r+b") as file:
        comment = SEAL + hashlib.file_digest(file, "sha256").hexdigest().encode()
        file.seek(-2, os.SEEK_END)
        file.write(len(comment).to_bytes(2, "little") + comment)


def check_seal(path: PathLike) -> bool:
    """Compare an archive with its checksum; returns whether it has one.

    Args:
        path: The file.

    Raises:
        ValueError: It is not what was written, does not end like a zip file, or would
            unpack to more than ``MOST_BYTES``.
    """
    is_sealed = _has_seal(path)
    with ZipFile(path) as archive:
        check_unpacked(sum(part.file_size for part in archive.infolist()))
    return is_sealed


def check_unpacked(size: int) -> None:
    """Raise ``ValueError`` where something unpacks to more than ``MOST_BYTES``."""
    if size > MOST_BYTES:
        raise ValueError(
            f"it unpacks to {size:,} bytes or more, the limit is {MOST_BYTES:,}"
        )


def _has_seal(path: PathLike) -> bool:
    with open(path, "rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - 22 - COMMENT, 0))
        end = file.read()
        if end[-22:-18] == END and end[-2:] == bytes(2):
            return False
        if end[:4] != END or end[20:22] != COMMENT.to_bytes(2, "little"):
            raise ValueError("it is truncated, or no archive")
        found, left = hashlib.sha256(), file.tell() - COMMENT - 2
        file.seek(0)
        while left:
            chunk = file.read(min(left, 2**20))
            found.update(chunk)
            left -= len(chunk)
    found.update(bytes(2))
    if end[22:] != SEAL + found.hexdigest().encode():
        raise ValueError("its checksum is another one: bytes of it have changed")
    return True


def write_arrays(
    path: PathLike, arrays: Mapping[str, Any], *, compress: bool = False
) -> None:
    """Write an npz file with its checksum, at once or not at all.

    Args:
        path: The file to write. Missing folders are made.
        arrays: Arrays by name.
        compress: Compress them.
    """
    save = np.savez_compressed if compress else np.savez
    with replacing(path) as temporary:
        with temporary.open("wb") as file:
            save(file, **arrays)
        seal(temporary)


@contextmanager
def arrays_in(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the arrays of an npz file that a run wrote, to be read within the block.

    Files of :func:`write_arrays` are compared with their checksum first.

    Args:
        path: The npz file.

    Raises:
        ValueError: The file is damaged, or an array that the block reads is not in it.
    """
    try:
        check_seal(path)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            yield data
    except DAMAGE as e:
        raise ValueError(
            f"{path}: is damaged or holds something else ({e}). Remove it, and it is "
            "written again."
        ) from e


def write_json(path: PathLike, content: Mapping[str, Any]) -> None:
    """Write a JSON file with its checksum as the last value, at once or not at all.

    Args:
        path: The file to write. Missing folders are made.
        content: JSON values by name.
    """
    values = json.loads(json.dumps(content))
    with replacing(path) as temporary:
        text = json.dumps({**values, JSON_SUM: _json_sum(values)}, indent=2)
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: PathLike) -> dict[str, Any]:
    """Return the values of a JSON file, without the checksum, if it has one.

    Args:
        path: The file.

    Raises:
        OSError: There is none.
        ValueError: It is damaged, holds something else, or was changed since it was
            written.
    """
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged or no JSON ({error}). Start anew."
        ) from error
    if not isinstance(values, dict):
        raise ValueError(f"{path} must hold values by name. Start anew.")
    found = values.pop(JSON_SUM, None)
    if found is not None and found != _json_sum(values):
        raise ValueError(
            f"{path} is damaged or was changed: its checksum ({JSON_SUM}) is another "
            f"one. Put the old values back; if the change is meant, remove the line."
        )
    return values


def _json_sum(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


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
