"""Checkpoint files that are complete, tagged, and loaded without running code."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..files import replacing

FORMAT = "ncl_deepxde checkpoint"
VERSION = 1


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
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(buffer.getbuffer())
        file.flush()
        os.fsync(file.fileno())


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint to the CPU.

    Raises:
        CheckpointError: The file is missing, truncated, of another program, or of
            another version of the format.
    """
    if not path.is_file():
        raise CheckpointError(f"Checkpoint {path}: there is no such file.")
    try:
        payload = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise CheckpointError(
            f"Checkpoint {path}: the file is truncated or is no checkpoint ({reason}). "
            "Remove it, or put an older checkpoint in its place."
        ) from error
    tag = payload.get("format") if isinstance(payload, dict) else None
    if tag != FORMAT:
        raise CheckpointError(
            f"Checkpoint {path}: the format tag must be {FORMAT!r}, got {tag!r}. The "
            "file was written by another program; remove it or choose another run "
            "directory."
        )
    if payload.get("version") != VERSION:
        raise CheckpointError(
            f"Checkpoint {path}: the version must be {VERSION}, got "
            f"{payload.get('version')!r}. Continue with the release that wrote it."
        )
    return dict(payload)
