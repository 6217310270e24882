r"""CPU seconds of a step of Gauss-Newton, and the share of the core's peak it reaches.

The floor of a step is that of a dense solution: :math:`R P \min(R, P)` operations for
the products (half of the matrix, two operations each) and :math:`\min(R, P)^3 / 3` for
the factorization, at the core's measured peak of products in float64. A step that needs
no matrix of this size may beat it. With ``--old`` another working tree of the project
takes turns::

    git worktree add ../old main
    python benchmarks/gauss_newton_step.py --old ../old [--threads 2] [--device cuda]
        [--case "heat 4000 x 40"] [--repeats 5] [--out gauss_newton_step.json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deepxde as dde
import torch
from gauss_newton_cases import CASES
from measuring import set_float

from ncl_deepxde.optimizers.gauss_newton.jacobian import Jacobian

PEAK_SIZE = 2000


class Stepper:
    """A process that does steps of one case when told to.

    Args:
        tree: Root of the working tree to take the package from.
        case: Key of ``CASES``.
        options: Of the command line.
    """

    def __init__(self, tree: Path, case: str, options: argparse.Namespace) -> None:
        threads = str(options.threads)
        environment = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": threads}
        command = [sys.executable, __file__, "--serve", "--case", case]
        command += ["--threads", threads, "--device", options.device]
        self._process = subprocess.Popen(
            [*command, "--float", options.float],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment | {"DDE_BACKEND": "pytorch"},
            text=True,
        )

    def ask(self) -> dict[str, Any]:
        """Let it do a step; return what it says of it."""
        pipe, answers = self._process.stdin, self._process.stdout
        assert pipe is not None
        assert answers is not None
        pipe.write("\n")
        pipe.flush()
        for line in answers:
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                return found
        raise RuntimeError("The process that does the steps ended.")

    def close(self) -> None:
        """End the process."""
        self._process.communicate("")


def serve(case: str) -> None:
    """Do a step for each line of input and print its seconds."""
    model, sizes = CASES[case](), observed_sizes()
    clock = time.process_time
    if torch.get_default_device().type == "cuda":
        clock = time.perf_counter

    def step() -> None:
        batch = model.data.train_next_batch()
        model.train_step(*batch, *[None] * (3 - len(batch)))

    for _ in sys.stdin:
        found = {"seconds": timed(step, clock), "peak": peak(clock)}
        found["damping"] = model.opt.param_groups[0]["damping"]
        found["parameters"] = sum(p.numel() for p in trained(model))
        found["residuals"] = sizes[-1]
        print(json.dumps(found), flush=True)


def observed_sizes() -> list[int]:
    """Return a list that gets the number of residuals of every Jacobian."""
    sizes: list[int] = []
    join = Jacobian.of

    def of(values: Any, blocks: Any) -> Jacobian:
        jacobian = join(values, blocks)
        sizes.append(len(jacobian.residuals))
        return jacobian

    Jacobian.of = of  # type: ignore[method-assign]
    return sizes


def trained(model: dde.Model) -> list[torch.Tensor]:
    """Return the trained parameters."""
    return [p for p in model.net.parameters() if p.requires_grad]


def timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Return the seconds of a piece of work."""
    is_cuda = torch.get_default_device().type == "cuda"
    start = clock()
    work()
    if is_cuda:
        torch.cuda.synchronize()
    return clock() - start


def peak(clock: Callable[[], float]) -> float:
    """Return operations per second of a product in float64, measured beside a step."""
    a = torch.randn(PEAK_SIZE, PEAK_SIZE, dtype=torch.float64)
    times = [timed(lambda: a @ a, clock) for _ in range(3)]
    return 2 * PEAK_SIZE**3 / statistics.median(times)


def compare(case: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return the medians of a case, new and old taking turns."""
    trees = {"new": Path(__file__).parents[1]}
    if options.old:
        trees["old"] = options.old.resolve()
    steppers = {name: Stepper(tree, case, options) for name, tree in trees.items()}
    for stepper in steppers.values():
        stepper.ask()
    turns = [
        {name: stepper.ask() for name, stepper in steppers.items()}
        for _ in range(options.repeats)
    ]
    for stepper in steppers.values():
        stepper.close()
    row: dict[str, Any] = {"case": case} | turns[-1]["new"]
    row["peak"] = statistics.median(t["new"]["peak"] for t in turns)
    row["seconds"] = statistics.median(t["new"]["seconds"] for t in turns)
    smaller = min(row["residuals"], row["parameters"])
    flops = row["residuals"] * row["parameters"] * smaller + smaller**3 / 3
    row["floor"] = flops / row["peak"]
    if options.old:
        row["old"] = statistics.median(t["old"]["seconds"] for t in turns)
        ratios = [t["old"]["seconds"] / t["new"]["seconds"] for t in turns]
        row["ratio"] = statistics.median(ratios)
    return row


def shown(row: dict[str, Any]) -> str:
    """Return a line of the table."""
    text = (
        f"{row['case']:20s}{row['residuals']:7d}{row['parameters']:7d}"
        f"{row['seconds']:9.3f} s  floor{row['floor']:8.3f} s "
        f"at{row['peak'] / 1e9:6.1f} GF, share{row['floor'] / row['seconds']:6.2f}"
    )
    if "old" not in row:
        return text
    share = row["floor"] / row["old"]
    return (
        f"{text}  old{row['old']:8.3f} s, share{share:5.2f}, ratio{row['ratio']:6.2f}"
    )


def main() -> None:
    """Time all cases, print the table, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--float", default="float32", choices=["float32", "float64"])
    parser.add_argument("--out", help="JSON file to write")
    parser.add_argument("--case", action="append", choices=CASES, help="default: all")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--old", type=Path, help="working tree to compare with")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        torch.set_default_device(options.device)
        torch.set_num_threads(options.threads)
        set_float(options.float)
        warnings.filterwarnings("ignore", "GaussNewton: a step with")
        serve(options.case[0])
        return
    print("residuals, parameters, CPU seconds a step (all threads)")
    rows = []
    for case in options.case or CASES:
        rows.append(compare(case, options))
        print(shown(rows[-1]), flush=True)
    if options.out:
        settings = {k: v for k, v in vars(options).items() if k not in ("out", "case")}
        with open(options.out, "w") as file:
            json.dump(settings | {"cases": rows}, file, indent=2, default=str)


if __name__ == "__main__":
    main()
