"""What the benchmarks share: seconds of steps that take turns, and the float type."""

from __future__ import annotations

import io
import math
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout

import deepxde as dde
import torch


def seconds(
    steps: Mapping[str, Callable[[], object]], repeats: int, limit: float = math.inf
) -> dict[str, float]:
    """Return the median seconds of every step, taken in turns.

    Args:
        steps: By name, each done at least once before.
        repeats: Most turns.
        limit: Seconds after which no turn begins.
    """
    is_cuda = torch.get_default_device().type == "cuda"
    synchronize = torch.cuda.synchronize if is_cuda else lambda: None
    times: dict[str, list[float]] = {name: [] for name in steps}
    start = time.perf_counter()
    for turn in range(repeats):
        if turn and time.perf_counter() - start > limit:
            break
        for name, step in steps.items():
            synchronize()
            begin = time.perf_counter()
            step()
            synchronize()
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(t) for name, t in times.items()}


def set_float(name: str) -> None:
    """Set the float type without DeepXDE's message."""
    with redirect_stdout(io.StringIO()):
        dde.config.set_default_float(name)
