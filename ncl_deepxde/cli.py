"""The console command ``ncl-deepxde``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from . import __version__
from .distributed import processes, start
from .evaluation.rows import TRAINING_ROWS, MetricRow
from .files import read_json
from .reports.comparison import compare_runs, load_runs
from .runs import available, find
from .runs.checkpoints import CheckpointError
from .runs.doctor import examine
from .runs.run import Output, RunOptions, check_name, run, select_device
from .runs.run_directory import check_writable
from .runs.skeleton import write_problem
from .runs.verify import verify

__all__ = ["main"]

PROBLEM = "a name that ncl-deepxde list prints, or a folder with a problem.py"

EXAMPLES = """examples:
  ncl-deepxde run euler-torus                      the preset quick, minutes
  ncl-deepxde run euler-torus --preset smoke       a minute, to see that it runs
  ncl-deepxde run euler-torus --model ncl-hard --seed 1 --out runs/second
  ncl-deepxde run euler-torus --seed 1 --out runs/second --resume
  ncl-deepxde new pond && ncl-deepxde run pond     a problem of your own

It ends with a table here and with report.html, metrics.json and figures in --out.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with exit code 2."""

    def error(self, message: str) -> NoReturn:
        # All processes of torchrun read the same words.
        is_first = os.environ.get("RANK", "0") == "0"
        self.exit(2, f"ncl-deepxde: {message}\n" if is_first else None)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code.

    0 on success, 1 where the work failed, 2 for a bad argument, 130 when interrupted.
    """
    options = _parser().parse_args(argv)
    # torch warns of its internals at its first forward derivative.
    warnings.filterwarnings("ignore", ".torch.jit.script")
    # Problems know what the columns of their networks are.
    logging.getLogger("ncl_deepxde").setLevel(logging.ERROR)
    try:
        options.action(options)
    except ValueError as error:
        return _fail(error, 2)
    except (CheckpointError, RuntimeError, OSError) as error:
        return _fail(error, 1)
    except KeyboardInterrupt:
        return 130
    return 0


def _fail(error: Exception, code: int) -> int:
    if processes().is_first_to_say(str(error)):
        print(f"ncl-deepxde: {error}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ncl-deepxde",
        description="Networks that satisfy the continuity equation exactly.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("list", help="problems, their models and presets")
    one.add_argument("problem", metavar="PROBLEM", nargs="?", help="default: all")
    one.set_defaults(action=_list)

    one = commands.add_parser(
        "run",
        help="train, compare with the reference, report",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("problem", metavar="PROBLEM", help=PROBLEM)
    one.add_argument(
        "--model", action="append", default=[], help="may be repeated; default: preset"
    )
    one.add_argument("--preset", default="quick", help="default: quick")
    one.add_argument(
        "--data",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="measurements, for problems that take some; may be repeated",
    )
    one.add_argument("--seed", type=int, default=0, help="default: 0")
    one.add_argument("--device", default="auto", help="auto, cpu or cuda")
    one.add_argument(
        "--threads",
        type=int,
        help="default: OMP_NUM_THREADS, or one for each core, at most 4",
    )
    one.add_argument(
        "--out",
        type=Path,
        help="run directory; default: runs/PROBLEM-DATA-PRESET-seedN",
    )
    one.add_argument("--resume", action="store_true", help="continue the run in --out")
    one.add_argument(
        "--reference-processes",
        type=int,
        default=1,
        metavar="N",
        help="finite elements by N processes, under mpirun; default: 1",
    )
    told = one.add_mutually_exclusive_group()
    told.add_argument("--quiet", action="store_true", help="tell nothing but errors")
    told.add_argument(
        "--verbose", action="store_true", help="print every line of log.jsonl"
    )
    one.set_defaults(action=_run)

    one = commands.add_parser("reference", help="solve the reference problem alone")
    one.add_argument("problem", metavar="PROBLEM", help=PROBLEM)
    one.add_argument("--n", type=int, help="cells per axis")
    one.add_argument("--dt", type=float, help="time step")
    one.add_argument(
        "--preset", default="quick", help="settings to start from; default: quick"
    )
    one.add_argument(
        "--out",
        type=Path,
        default=Path("reference.npz"),
        help="file to write; default: reference.npz",
    )
    one.set_defaults(action=_reference)

    one = commands.add_parser("compare", help="table over several run directories")
    one.add_argument(
        "directories", metavar="DIR", nargs="+", type=Path, help="such as runs/*"
    )
    one.set_defaults(action=_compare)

    one = commands.add_parser(
        "verify", help="look again at what a finished run promises; code 1 if broken"
    )
    one.add_argument("run", metavar="RUN", type=Path, help="its directory")
    one.add_argument(
        "--data",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="measurements of the run, if it had some; may be repeated",
    )
    one.set_defaults(action=_verify)

    one = commands.add_parser(
        "doctor", help="what there is to compute with, and what to do about the rest"
    )
    one.set_defaults(action=_doctor)

    one = commands.add_parser("new", help="write a problem folder that runs")
    one.add_argument("name", metavar="NAME", type=Path, help="the folder to make")
    one.set_defaults(action=_new)
    return parser


def _list(options: argparse.Namespace) -> None:
    if options.problem is None:
        problems, missing = available()
    else:
        problems, missing = {options.problem: find(options.problem)}, {}
    print(f"{'PROBLEM':18s}{'OPTION':10s}{'NAME':16s}DESCRIPTION")
    for name, found in problems.items():
        print(f"\n{name:18s}{'':26s}{_in_column(found.summary)}")
        presets = {key: preset.summary for key, preset in found.presets.items()}
        for option, choices in ("--model", found.models), ("--preset", presets):
            for key, line in choices.items():
                print(f"{'':18s}{option:10s}{key:16s}{_in_column(line)}")
    for reason in missing.values():
        print(reason.removeprefix("PROBLEM: "))


def _in_column(text: str) -> str:
    """Break a text where the last column of the list ends."""
    return f"\n{'':44s}".join(textwrap.wrap(text, 56))


def _doctor(options: argparse.Namespace) -> None:
    failed = []
    for check in examine(Path.cwd()):
        is_bad = bool(check.remedy) and check.is_needed
        mark = "FAILED" if is_bad else "note" if check.remedy else "ok"
        print(f"{mark:8s}{check.name:13s}{check.found}", flush=True)
        if check.remedy:
            print(textwrap.indent(textwrap.fill(f"-> {check.remedy}", 78), " " * 21))
        failed += [check.name] * is_bad
    if failed:
        raise RuntimeError(f"doctor: these must not fail: {', '.join(failed)}.")
    print("\nready; try: ncl-deepxde run euler-torus --preset smoke")


def _new(options: argparse.Namespace) -> None:
    path = write_problem(options.name)
    print(f"wrote {path}; now: ncl-deepxde run {options.name} --preset smoke")


def _run(options: argparse.Namespace) -> None:
    device = select_device(options.device)
    start()
    _choose_reference_processes(options.problem, options.reference_processes)
    chosen = RunOptions(
        problem=os.path.normpath(options.problem),
        preset=options.preset,
        models=tuple(options.model),
        seed=options.seed,
        device=device,
        data=tuple(map(str, options.data)),
        threads=options.threads,
    )
    path = Path(options.problem).resolve()
    folder = path.parent.name if path.suffix == ".py" else path.name
    words = [folder, *(path.name.split(".")[0] for path in options.data)]
    name = "-".join([*words, options.preset, f"seed{options.seed}"])
    output = Output(quiet=options.quiet, verbose=options.verbose)
    run(
        chosen, options.out or Path("runs") / name, resume=options.resume, output=output
    )


def _choose_reference_processes(problem: str, number: int) -> None:
    """Let the reference be computed by a number of processes.

    Raises:
        ValueError: It is below 1, or the reference is not computed in parallel.
    """
    if number < 1:
        raise ValueError(f"--reference-processes: must be at least 1, got {number}.")
    if number > 1 and not find(problem).has_parallel_reference:
        raise ValueError(
            f"--reference-processes: the reference of {problem} is computed by one "
            f"process, got {number}. Leave the option out."
        )
    os.environ["REFERENCE_PROCESSES"] = str(number)


def _reference(options: argparse.Namespace) -> None:
    found = find(options.problem)
    check_name("--preset", options.preset, found.presets)
    given = {"n": options.n, "dt": options.dt}
    changed = {k: v for k, v in given.items() if v is not None}
    preset = found.presets[options.preset].with_reference(changed)
    check_writable(options.out.resolve().parent)
    found.compute_reference(preset, options.out)
    print(f"wrote {options.out}")


def _compare(options: argparse.Namespace) -> None:
    runs = load_runs(options.directories)
    print(compare_runs(runs, (*_rows_of(next(iter(runs))), *TRAINING_ROWS)))


def _verify(options: argparse.Namespace) -> None:
    found = []
    for promise in verify(options.run, options.data):
        print(f"{'ok' if promise.holds else 'BROKEN':8s}{promise}", flush=True)
        found.append(promise)
    broken = [promise.name for promise in found if not promise.holds]
    if broken:
        raise RuntimeError(
            f"verify: {len(broken)} of {len(found)} promises are broken: "
            f"{'; '.join(broken)}."
        )


def _rows_of(directory: Path) -> Sequence[MetricRow]:
    """Return how the metrics of a run are shown; none where its problem is gone."""
    try:
        return find(read_json(directory / "config.json")["problem"]).rows
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return ()


if __name__ == "__main__":
    sys.exit(main())
