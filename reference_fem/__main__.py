"""Command line: ``python -m reference_fem torus --n 64 --dt 2e-3 --out FILE``."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from . import ball, torus
from .result import Result
from .starts import FlowStart, load_start, published_start


@dataclass(frozen=True)
class _Subcommand:
    """A domain, its solver, and the defaults of its options."""

    help: str
    solve: Callable[..., Result]
    n: int
    n_help: str
    dt: float
    t_end: float
    save_times: int


SUBCOMMANDS = {
    "torus": _Subcommand(
        "Euler flow on the periodic unit square",
        torus.solve,
        n=64,
        n_help="squares per axis",
        dt=2e-3,
        t_end=1 / 3,
        save_times=41,
    ),
    "ball": _Subcommand(
        "Euler flow in the unit ball",
        ball.solve,
        n=8,
        n_help="cells per radius",
        dt=1e-2,
        t_end=0.5,
        save_times=21,
    ),
}


class _OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line, with exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


def _save_times(text: str) -> int | list[float]:
    try:
        return (
            int(text) if text.isdigit() else [float(part) for part in text.split(",")]
        )
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a number of times or a comma-separated list, got {text!r}"
        ) from None


def _output(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"must be a file in an existing directory, got {text!r}"
        )
    return path


def _start(text: str) -> FlowStart:
    try:
        return load_start(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(prog="python -m reference_fem", description=__doc__)
    domains = parser.add_subparsers(dest="domain", required=True)
    for name, subcommand in SUBCOMMANDS.items():
        _add_options(domains.add_parser(name, help=subcommand.help), subcommand)
    return parser


def _add_options(parser: argparse.ArgumentParser, defaults: _Subcommand) -> None:
    add = parser.add_argument
    add("--n", type=int, default=defaults.n, help=defaults.n_help)
    add("--dt", type=float, default=defaults.dt, help="largest time step")
    add("--t-end", type=float, default=defaults.t_end, help="final time")
    add(
        "--save-times",
        type=_save_times,
        default=defaults.save_times,
        metavar="N|T1,T2,...",
        help="number of equally spaced times, or a list",
    )
    add(
        "--start",
        type=_start,
        metavar="FILE.py",
        help="initial state: functions density(x) and velocity(x) of coordinates "
        "(dim, N); by default that of the Euler problem on this domain",
    )
    add("--degree", type=int, default=2, help="degree of rho and u")
    add("--order", type=int, default=2, help="order in time, 2 or 3")
    add("--out", type=_output, required=True, help="npz file to write")
    add(
        "--checkpoint",
        type=_output,
        metavar="FILE",
        help="file that keeps the state; if it exists, the march goes on from it",
    )
    add("--paraview", type=Path, metavar="DIR", help="also write .vtu here")


def _report(result: Result) -> str:
    d, p = result.diagnostics, result.parameters
    mass = max(abs(d["mass"] / d["mass"][0] - 1))
    energy = max(abs(d["energy"] / d["energy"][0] - 1))
    leak = d["wall_leakage"].max() if "wall_leakage" in d else None
    return (
        f"{p['num_steps']} steps of {p['dt']:.6g} in {p['seconds']:.1f} s on "
        f"{p['processes']} process(es); mass drift {mass:.1e}, "
        f"energy drift {energy:.1e}, |div u| {d['divergence'].max():.1e}, "
        f"{'' if leak is None else f'|u.n| {leak:.1e} at the wall, '}"
        f"rho in [{d['min_density'].min():.4f}, {d['max_density'].max():.4f}]"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments, by default those of the process.

    Returns:
        Exit code: 0 on success, 1 if the computation fails, 2 for bad arguments.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        start = options.start or published_start(options.domain)
        result = SUBCOMMANDS[options.domain].solve(
            start.density,
            start.velocity,
            n=options.n,
            dt=options.dt,
            t_end=options.t_end,
            save_times=options.save_times,
            degree=options.degree,
            order=options.order,
            checkpoint=options.checkpoint,
        )
    except ValueError as error:
        parser.error(str(error))
    except (ImportError, RuntimeError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    from ._dolfinx import MPI

    if MPI.COMM_WORLD.rank == 0:
        result.save(options.out)
        print(_report(result))
        if options.paraview is not None:
            print(f"ParaView: {result.write_paraview(options.paraview)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
