"""Errors of public problems of high precision against CPU seconds of one core.

    python benchmarks/high_precision.py --case burgers --network exact --seconds 60
        [--optimizer gauss-newton] [--seed 0] [--points 2000] [--float float64]
        [--options acceleration=True,decay=0.6] [--out runs/burgers.jsonl]
    python benchmarks/high_precision.py --plot runs/*.jsonl --to burgers.png

A line of JSON for each moment, to the screen and behind what the file holds. Seconds
are those of all threads of the process, of which torch gets one; the errors are not
counted, nor what comes before the first step. The last line of a run tells the error
of the weights that training leaves.

Gauss-Newton works as ``GaussNewton(model)`` does, without options. The learning rates
of Adam and SOAP fall as a cosine of the time that is used up. L-BFGS begins
with Adam for a tenth of the time, NNCG with both for half of it; they change their
points now and then.
"""

from __future__ import annotations

import argparse
import ast
import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from measuring import set_float
from precision_figure import draw
from precision_problems import CASES, problem
from precision_training import OPTIMIZERS, train

from ncl_deepxde.plotting.style import save
from ncl_deepxde.runs.run import check_name
from ncl_deepxde.runs.run_directory import check_writable


def keywords(text: str) -> dict[str, Any]:
    """Return the keyword arguments that are written in a text.

    Raises:
        ValueError: They are no names and literals.
    """
    try:
        call = ast.parse(f"dict({text})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError(text)
        if any(k.arg is None for k in call.keywords):
            raise ValueError(text)
        return {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise ValueError(
            f"--options: must be names and values such as decay=0.6, got {text!r}."
        ) from error


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line and check names and numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", default="burgers", help=f"of {[*CASES]}")
    parser.add_argument("--network", default="exact", help="exact or plain")
    parser.add_argument("--optimizer", default="gauss-newton", help=f"{OPTIMIZERS}")
    parser.add_argument("--seconds", type=float, default=60.0, help="CPU seconds (60)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--points", type=int, help="of a step; default: of the case")
    parser.add_argument("--float", default="float64", choices=["float32", "float64"])
    parser.add_argument("--options", default="", help="keywords of the optimizer")
    parser.add_argument("--moments", type=int, default=12, help="errors of a run (12)")
    parser.add_argument("--out", type=Path, help="file that the lines are added to")
    parser.add_argument("--plot", type=Path, nargs="+", help="files to draw")
    parser.add_argument("--to", type=Path, default=Path("high_precision.png"))
    options = parser.parse_args(arguments)
    try:
        options.keywords = keywords(options.options)
        check_name("--case", options.case, CASES)
        check_name("--network", options.network, CASES[options.case].networks)
        check_name("--optimizer", options.optimizer, OPTIMIZERS)
        if not options.seconds > 0 or options.moments < 1:
            raise ValueError(
                "--seconds, --moments: must be positive, got "
                f"{options.seconds} and {options.moments}."
            )
        if options.out:
            check_writable(options.out.parent)
    except ValueError as error:
        parser.error(str(error))
    return options


def run(options: argparse.Namespace, write: Callable[[dict[str, Any]], None]) -> None:
    """Train a network of a case and hand over a record for each moment."""
    case = CASES[options.case]
    model, error = problem(options.case, options.network, options.seed, options.points)
    header = {
        "case": options.case,
        "network": options.network,
        "optimizer": options.optimizer,
        "options": options.options,
        "seed": options.seed,
        "float": options.float,
        "points": options.points or case.points,
        "parameters": sum(p.numel() for p in model.net.parameters()),
        "measure": case.measure,
    }

    def note(seconds: float, steps: int) -> None:
        found = error()
        record = {**header, "seconds": round(seconds, 3), "steps": steps}
        # JSON knows no infinity and no NaN.
        write({**record, "error": found if math.isfinite(found) else None})

    train(
        model,
        options.optimizer,
        options.keywords,
        options.seconds,
        options.moments,
        note,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and write lines, or draw those of earlier runs."""
    options = options_of(arguments)
    if options.plot:
        texts = [path.read_text(encoding="utf-8") for path in options.plot]
        records = [json.loads(line) for text in texts for line in text.splitlines()]
        save(draw(records), options.to)
        return
    torch.set_num_threads(1)
    set_float(options.float)
    screen = sys.stdout  # training silences DeepXDE, which prints

    def write(record: dict[str, Any]) -> None:
        line = json.dumps(record)
        print(line, file=screen, flush=True)
        if options.out:
            with options.out.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    run(options, write)


if __name__ == "__main__":
    main()
