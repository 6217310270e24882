"""The log of a run: one JSON object per line, which survives a kill at any byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files import replacing


def append_record(path: Path, record: Mapping[str, Any]) -> None:
    """Append one line to a log.

    Raises:
        OSError: The file cannot be written (full disk, missing rights).
    """
    # In one piece with all its newlines: a torn earlier line spoils only itself.
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if _is_torn(path) else "") + json.dumps(record) + "\n")


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the records of a log, without lines that a kill or a full disk tore.

    An absent file is an empty log.
    """
    if not path.exists():
        return []
    records = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return [record for record in records if isinstance(record, dict)]


def drop_records(path: Path, *, model: str, beyond: int) -> None:
    """Remove the records of one model with a step above ``beyond``, and torn lines."""
    kept = [
        r
        for r in read_log(path)
        if r.get("model") != model or r.get("step", 0) <= beyond
    ]
    with replacing(path) as temporary:
        temporary.write_text("".join(json.dumps(r) + "\n" for r in kept), "utf-8")


def _is_torn(path: Path) -> bool:
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) != b"\n"
