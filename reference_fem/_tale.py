"""What a march tells on the way: solvers, progress, and what a long one will take."""

import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

from tqdm import tqdm

from ._setup import TimeGrid

FIRST = 3
"""Steps of backward differentiation's start; the next ones cost as all later ones."""
LONG = 60.0
"""Seconds from which on a march tells what it will take."""


def peak_memory() -> float:
    """Return the largest memory of this process so far, in MiB."""
    # Linux counts in KiB, macOS in bytes
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


class Tale:
    """Lines and a bar on the first process's error stream.

    Args:
        label: Label of the bar; ``None`` tells nothing.
        grid: Steps.
        scheme: Scheme that makes them.
        comm: MPI communicator.
    """

    def __init__(
        self, label: str | None, grid: TimeGrid, scheme: Any, comm: Any
    ) -> None:
        self.label = label if comm.rank == 0 else None
        self.grid, self.processes = grid, comm.size
        self.methods = [f"{p.name} by {p.describe()}" for p in scheme.problems]
        maps = [p.solution.function_space.dofmap for p in scheme.problems]
        self.size = sum(m.index_map.size_global * m.index_map_bs for m in maps)

    def _say(self, line: str) -> None:
        if self.label is not None:
            tqdm.write(f"reference_fem: {line}", file=sys.stderr)

    def steps(self, done: int) -> Iterator[int]:
        """Go through the numbers of the steps.

        Args:
            done: Steps that were done by an earlier run.
        """
        count = self.grid.num_steps
        self._say(f"{self.size} unknowns; {'; '.join(self.methods)}")
        if done:
            self._say(f"goes on after step {done} of {count}")
        silent = self.label is None
        bar = tqdm(
            range(done + 1, count + 1), self.label, disable=silent, file=sys.stderr
        )
        start, measured = 0.0, done + 2 * FIRST
        for k in bar:
            if k == done + FIRST + 1:
                start = time.perf_counter()
            yield k
            if k == measured:
                self._foretell((time.perf_counter() - start) / FIRST, count - k)

    def _foretell(self, seconds: float, left: int) -> None:
        if seconds * left > LONG:
            self._say(
                f"{left} more steps of {seconds:.2g} s take about "
                f"{seconds * left / 60:.0f} minutes and {peak_memory() / 1024:.1f} GiB "
                f"of memory in each of {self.processes} processes"
            )
