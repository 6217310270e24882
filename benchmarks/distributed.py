"""Steps of one and of two processes, one thread each: seconds and bytes.

``python benchmarks/distributed.py [--steps 6]`` forks the processes and prints a table:
strong scaling shares the points of one process, weak scaling gives each as many. Bytes
are those that a process hands over in a step; the floor is a gradient, or half the
smaller of the matrices J J^T and J^T J.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import deepxde as dde
import torch
from gauss_newton_cases import heat, torus
from measuring import set_float

from ncl_deepxde import distributed
from ncl_deepxde.optimizers import GaussNewton

REAL, DOUBLE = 4, 8


@dataclass(frozen=True)
class Case:
    """A model by the number of its points, and the bytes that a step cannot save.

    Attributes:
        build: Maps the number of points to a model.
        compile: Compiles it with an optimizer.
        points: Number of points of one process.
        floor: Maps the numbers of residuals and of parameters to bytes.
    """

    build: Callable[[int], dde.Model]
    compile: Callable[[dde.Model], None]
    points: int
    floor: Callable[[int, int], float]


def adam(model: dde.Model) -> None:
    """Compile with Adam."""
    model.compile("adam", lr=1e-3, verbose=0)


def gauss_newton(solver: str, model: dde.Model) -> None:
    """Compile with one way to solve the systems of Gauss-Newton."""
    model.compile(GaussNewton(model, solver=solver, growth=False), verbose=0)


def gradient(residuals: int, parameters: int) -> float:
    """Return the bytes of a gradient."""
    return REAL * parameters


def smaller_matrix(residuals: int, parameters: int) -> float:
    """Return the bytes of half the smaller matrix."""
    return DOUBLE * min(residuals, parameters) ** 2 / 2


CASES = {
    "Adam, torus 4 x 128": Case(partial(torus, "ncl", 128), adam, 2000, gradient),
    "J J^T, torus 4 x 64": Case(
        partial(torus, "ncl", 64),
        partial(gauss_newton, "kernel"),
        400,
        smaller_matrix,
    ),
    "J^T J, heat 4 x 20": Case(
        lambda n: heat(n, 20), partial(gauss_newton, "gram"), 6000, smaller_matrix
    ),
    "a few rows, heat 4 x 20": Case(
        lambda n: heat(n, 20), partial(gauss_newton, "auto"), 6000, smaller_matrix
    ),
}


def measure(case: Case, points: int, steps: int) -> dict[str, float]:
    """Return medians of a step: seconds of the clock, of the core, and bytes."""
    dde.config.set_random_seed(0)
    model = case.build(points)
    case.compile(model)
    distributed.share(model)
    here = distributed.processes()
    found: dict[str, list[float]] = {"seconds": [], "cpu": [], "bytes": []}
    for turn in range(steps + 1):
        inputs, _ = model.data.train_next_batch()
        here.sum(torch.zeros(1))
        begin, cpu, sent = time.perf_counter(), time.process_time(), here.sent
        model.train_step(inputs, None, None)
        if turn:
            found["seconds"].append(time.perf_counter() - begin)
            found["cpu"].append(time.process_time() - cpu)
            found["bytes"].append(here.sent - sent)
    # Of the clock the least: other programs take the cores, too.
    return {
        "seconds": min(found["seconds"]),
        "cpu": statistics.median(found["cpu"]),
        "bytes": statistics.median(found["bytes"]),
        "parameters": sum(p.numel() for p in model.net.parameters()),
    }


def forked(size: int, work: Callable[[], dict[str, float]]) -> list[dict[str, float]]:
    """Return what each of some processes measured."""
    with socket.socket() as one:
        one.bind(("localhost", 0))
        port = one.getsockname()[1]
    world = {"MASTER_ADDR": "localhost", "MASTER_PORT": str(port)}
    with TemporaryDirectory() as folder:
        children = []
        for rank in range(size):
            child = os.fork()
            if not child:
                os.environ |= world | {"RANK": str(rank), "WORLD_SIZE": str(size)}
                distributed.start()
                torch.save(work(), Path(folder) / f"{rank}.pt")
                os._exit(0)
            children.append(child)
        if any(os.waitpid(child, 0)[1] for child in children):
            raise RuntimeError("A process failed; its message stands above.")
        return [torch.load(Path(folder) / f"{rank}.pt") for rank in range(size)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=6)
    options = parser.parse_args()
    torch.set_num_threads(1)
    set_float("float32")
    print("| step | points | processes | s | CPU s each | MB sent | floor |")
    print("|---|---|---|---|---|---|---|")
    for name, case in CASES.items():
        for size, points in ((1, 1), (2, 1), (2, 2)):
            number = points * case.points
            found = forked(size, partial(measure, case, number, options.steps))
            terms = 1 if "heat" in name else 3
            floor = case.floor(terms * number, int(found[0]["parameters"]))
            floor *= size > 1
            print(
                f"| {name} | {number} | {size} | {found[0]['seconds']:.3f} | "
                f"{max(f['cpu'] for f in found):.3f} | {found[0]['bytes'] / 1e6:.2f} | "
                f"{floor / 1e6:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
