"""Checkpoint files that are complete, tagged, and loaded without running code."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from zipfile import ZipFile

import torch

from ..files import check_seal, replacing, seal

FORMAT = "ncl_deepxde checkpoint"
VERSION = 2
WITHOUT_SEAL = 1
"""The version before, whose files have no checksum but those of the zip format."""


class CheckpointError(RuntimeError):
    """A checkpoint is missing, damaged, or was not written by this package."""


def save_checkpoint(path: Path, payload: Mapping[str, Any]) -> None:
    """Write a checkpoint completely, or leave the file at ``path`` as it was.

    The bytes reach the disk in a temporary file of the same folder before it
    replaces ``path``, so neither a kill nor a full disk damages an older checkpoint.

    Args:
        path: The file to write.
        payload: Tensors, numbers, strings, and dicts and lists of them.

    Raises:
        OSError: The file cannot be written (full disk, missing rights).
    """
    # In memory first: torch reports a full disk as an error of another kind.
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, "version": VERSION, **payload}, buffer)
    with replacing(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())
        seal(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint to the CPU, once its checksum is found to be right.

    Raises:
        CheckpointError: The file is missing, damaged, of another program, or of
            another version of the format.
    """
    if not path.is_file():
        raise CheckpointError(f"Checkpoint {path}: there is no such file.")
    try:
        is_sealed = check_seal(path) or _check_parts(path)
        payload = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise CheckpointError(
            f"Checkpoint {path}: the file is damaged or is no checkpoint ({reason}). "
            "Remove it, or put an older checkpoint in its place, such as "
            f"{path.stem}.previous.pt."
        ) from error
    tag = payload.get("format") if isinstance(payload, dict) else None
    if tag != FORMAT:
        raise CheckpointError(
            f"Checkpoint {path}: the format tag must be {FORMAT!r}, got {tag!r}. The "
            "file was written by another program; remove it or choose another run "
            "directory."
        )
    if payload.get("version") != (VERSION if is_sealed else WITHOUT_SEAL):
        raise CheckpointError(
            f"Checkpoint {path}: the version must be {VERSION} with a checksum, or "
            f"{WITHOUT_SEAL} without, got {payload.get('version')!r} "
            f"{'with' if is_sealed else 'without'}. Continue with the release that "
            "wrote it."
        )
    return dict(payload)


def _check_parts(path: Path) -> Literal[False]:
    """Compare the parts of an archive without a checksum of its own with theirs."""
    with ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"{damaged} in it has changed")
    return False
