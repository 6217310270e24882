"""How much memory there is for what comes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import torch

__all__ = ["available_memory"]

ROOT = Path("/")
# Where the files of a control group lie, what it may use, and what it does.
GROUPS = (
    ("sys/fs/cgroup", "memory.max", "memory.current"),
    ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
)


def available_memory(device: torch.device, root: Path = ROOT) -> float | None:
    """Return the bytes that this process can still have, where the system tells.

    Of a GPU what is free, and what torch holds without need. Else what Linux calls
    available, swap included, or less where a control group (a container, a batch
    system) allows less, or where the system does not tell, all memory; processes that
    ``torchrun`` started on one machine have equal parts.

    Args:
        device: Where tensors are.
        root: Folder of ``proc`` and ``sys``.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return float(free + held)
    found = [*_of_machine(root), *_of_groups(root)]
    parts = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return min(found) / parts if found else None


def _of_machine(root: Path) -> Iterator[float]:
    table = root / "proc/meminfo"
    if table.is_file():
        lines = table.read_text(encoding="ascii").splitlines()
        sizes = {line.split(":")[0]: int(line.split()[1]) * 1024.0 for line in lines}
        if "MemAvailable" in sizes:
            yield sizes["MemAvailable"] + sizes.get("SwapFree", 0.0)
    elif root == ROOT and "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        yield float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def _of_groups(root: Path) -> Iterator[float]:
    """Yield what the control groups of this process, and those above, have left."""
    file = root / "proc/self/cgroup"
    lines = file.read_text().splitlines() if file.is_file() else []
    for number, controllers, path in (line.split(":", 2) for line in lines):
        if number != "0" and "memory" not in controllers.split(","):
            continue
        folder, limit, usage = GROUPS[number != "0"]
        inside = Path(path.lstrip("/"))
        for group in (inside, *inside.parents):
            files = [root / folder / group / name for name in (limit, usage)]
            texts = [f.read_text().strip() for f in files if f.is_file()]
            if len(texts) == len(files) and texts[0] != "max":
                yield float(texts[0]) - float(texts[1]) + _given_back(files[0].parent)


def _given_back(folder: Path) -> float:
    """Return what a control group uses for files and would give back."""
    table = folder / "memory.stat"
    lines = table.read_text().splitlines() if table.is_file() else []
    words = [line.split() for line in lines]
    found = {w[0]: float(w[1]) for w in words if len(w) == 2}
    return found.get("total_inactive_file", found.get("inactive_file", 0.0))
