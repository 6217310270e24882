"""Whether Gauss-Newton loses what it had: many runs, the losses at fixed points.

    python benchmarks/robustness.py --problems burgers allen-cahn --seeds 10
        --points 100 1000 --dampings 1e-9 1e-3 1e2 --floats float32 float64
        --steps 60 --out new.jsonl [--tree OTHER_CHECKOUT]
    python benchmarks/robustness.py --table old.jsonl new.jsonl

Each run trains by ``GaussNewton(model, damping=...)`` and nothing else; after every
step its loss is taken at points that the optimizer does not know, the same in all runs
of a problem. A run is lost that raises, or whose last loss is not finite or above three
times the smallest one seen. A line of JSON for each run: losses, CPU seconds of the
steps, the optimizer's history where it keeps one. Runs that ``--out`` holds already are
not repeated. With ``--tree`` the package ``ncl_deepxde`` is that of another checkout.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import torch
from measuring import set_float
from robustness_problems import PROBLEMS, Judge, trial
from robustness_table import failures, is_lost, table

from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.runs.run import check_name
from ncl_deepxde.runs.run_directory import check_writable

HERE = Path(ncl_deepxde.__file__).resolve().parents[1]


@dataclass(frozen=True)
class Plan:
    """What decides a run, besides the optimizer.

    Attributes:
        problem: A name in ``PROBLEMS``.
        float: Type of all numbers.
        points: Points of a step.
        damping: The first one.
        seed: Of the weights and of the points.
        steps: Their number.
        held_out: Points of DeepXDE's test, by which an optimizer may judge itself; None
            is as many as those of a step.
    """

    problem: str
    float: str
    points: int
    damping: float
    seed: int
    steps: int
    held_out: int | None = None


class Observer(dde.callbacks.Callback):  # type: ignore[misc]
    """Keeps the loss at the judge's points after every step, and the CPU seconds."""

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.judge, self.losses, self.seconds = judge, [], 0.0

    def on_epoch_begin(self) -> None:
        """Start the clock."""
        self.begin = time.process_time()

    def on_epoch_end(self) -> None:
        """Stop the clock, and judge."""
        self.seconds += time.process_time() - self.begin
        self.losses.append(self.judge.loss(self.model.net))


def run(plan: Plan) -> dict[str, Any]:
    """Train once and return the record of it."""
    set_float(plan.float)
    judge = Judge(plan.problem)
    found = trial(plan.problem, plan.points, plan.seed, plan.held_out)
    model, observer, error = found.model, Observer(judge), ""
    first = judge.loss(model.net)
    optimizer = GaussNewton(model, damping=plan.damping)
    model.compile(optimizer, loss_weights=found.weights, verbose=0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.train(
                iterations=plan.steps,
                display_every=plan.steps + 1,
                callbacks=[observer],
                verbose=0,
            )
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    final = judge.loss(model.net)
    losses = [first, *observer.losses, final]
    return {
        **asdict(plan),
        "parameters": sum(p.numel() for p in model.net.parameters()),
        "seconds": round(observer.seconds, 3),
        "first": first,
        "smallest": min(loss for loss in losses if math.isfinite(loss)),
        "final": _number(final),
        "error": error,
        "losses": [_number(loss) for loss in losses[:-1]],
        "history": [_numbers(asdict(s)) for s in getattr(optimizer, "history", [])],
    }


def _number(value: Any) -> Any:
    """Return a value for JSON, which knows no infinity and no NaN."""
    is_bad = isinstance(value, float) and not math.isfinite(value)
    return None if is_bad else value


def _numbers(record: dict[str, Any]) -> dict[str, Any]:
    return {k: _number(v) for k, v in record.items()}


def plans(options: argparse.Namespace) -> Iterator[Plan]:
    """Return what is asked for; all seeds of a setting come one after the other."""
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    settings = [*product(options.points, options.dampings)]
    for name, kind in product(options.problems, options.floats):
        shares = product(settings, seeds)
        if options.spread:
            shares = ((settings[seed % len(settings)], seed) for seed in seeds)
        for (points, damping), seed in shares:
            yield Plan(
                name, kind, points, damping, seed, options.steps, options.held_out
            )


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line and check names and numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=[*PROBLEMS], help="all")
    parser.add_argument("--floats", nargs="+", default=["float32", "float64"])
    parser.add_argument("--points", type=int, nargs="+", default=[100, 500])
    parser.add_argument("--dampings", type=float, nargs="+", default=[1e-9, 1e-3, 1e2])
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (3)")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument(
        "--spread", action="store_true", help="share points and dampings out to seeds"
    )
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--held-out", type=int, help="test points (those of a step)")
    parser.add_argument("--tree", type=Path, help="checkout whose package runs")
    parser.add_argument("--out", type=Path, help="file that the lines are added to")
    parser.add_argument("--table", type=Path, nargs="+", help="files to compare")
    options = parser.parse_args(arguments)
    try:
        for name in options.problems:
            check_name("--problems", name, PROBLEMS)
        for name in options.floats:
            check_name("--floats", name, ["float32", "float64"])
        counts = [*options.points, options.seeds, options.steps]
        if options.held_out is not None and options.held_out < 1:
            raise ValueError(f"--held-out: must be at least 1, got {options.held_out}.")
        if min(counts) < 1 or min(options.points) < 10 or options.first_seed < 0:
            raise ValueError(
                "--points, --seeds, --steps, --first-seed: must be at least 10, 1, 1 "
                f"and 0, got {options.points}, {options.seeds}, {options.steps} and "
                f"{options.first_seed}."
            )
        if options.tree and not (options.tree / "ncl_deepxde/__init__.py").is_file():
            raise ValueError(
                f"--tree: must be a checkout that holds ncl_deepxde, got "
                f"{options.tree}."
            )
        if options.out:
            check_writable(options.out.parent)
    except ValueError as error:
        parser.error(str(error))
    return options


def read(path: Path) -> list[dict[str, Any]]:
    """Return the records of a file, none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def report(paths: Sequence[Path]) -> None:
    """Print the table of some files, and the runs of each that failed."""
    files = {path.stem: read(path) for path in paths}
    print(table(files))
    for name, records in files.items():
        for record, why in failures(records):
            settings = ", ".join(f"{k} {record.get(k)}" for k in Plan.__annotations__)
            losses = [record[k] for k in ("first", "smallest", "final")]
            shown = ", ".join("-" if v is None else f"{v:.3g}" for v in losses)
            print(f"{name}: {why}: {settings}: {shown} {record['error']}")


def elsewhere(tree: Path, arguments: Sequence[str]) -> int:
    """Run the same command with the package of another checkout."""
    path = os.pathsep.join(filter(None, [str(tree), os.environ.get("PYTHONPATH")]))
    if os.environ.get("PYTHONPATH", "").split(os.pathsep)[0] == str(tree):
        raise SystemExit(f"--tree: Python takes ncl_deepxde from {HERE}, not {tree}.")
    command = [sys.executable, __file__, *arguments]
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(command, env=environment, check=False).returncode


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is asked for, or compare earlier runs."""
    options = options_of(arguments)
    if options.table:
        report(options.table)
        return
    if options.tree and options.tree.resolve() != HERE:
        given = sys.argv[1:] if arguments is None else arguments
        raise SystemExit(elsewhere(options.tree.resolve(), given))
    torch.set_num_threads(1)
    known = read(options.out) if options.out else []
    done = {Plan(**{k: r.get(k) for k in Plan.__annotations__}) for r in known}
    for plan in plans(options):
        if plan in done:
            continue
        record = run(plan)
        verdict = "lost" if is_lost(record) else "kept"
        told = [record[k] for k in ("first", "smallest", "final", "seconds")]
        print(verdict, *asdict(plan).values(), *told, record["error"], flush=True)
        if options.out:
            with options.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
