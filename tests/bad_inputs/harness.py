"""Thousands of bad inputs, in one process.

``PYTHONPATH=tests/bad_inputs python tests/bad_inputs/harness.py --cases 10000``

Each case ends well, or with one line: of a file by a ValueError that names it, of a
command with exit code 1 or 2. Anything else is a fault; faults of one place are told
once, with the seed that repeats them.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from files import FinishedRun, Kind, cli, command_line, kinds

from ncl_deepxde.runs.checkpoints import CheckpointError

LONGEST = 60
"""Seconds that an input may take."""


class Slow(BaseException):
    """An input took too long."""


@contextlib.contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise :class:`Slow` in a block that takes longer."""

    def stop(*_: object) -> None:
        raise Slow

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def place_of(error: BaseException) -> str:
    """Return where in our own code an error came from."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        f
        for f in frames
        if "ncl_deepxde" in f.filename or "reference_fem" in f.filename
    ]
    ours = [f for f in ours if "site-packages" not in f.filename] or list(frames)
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno} {type(error).__name__}"


def of_file(kind: Kind, path: Path, before: Any) -> str | None:
    """Read a spoiled file; returns what is wrong with how that ends."""
    try:
        with warnings.catch_warnings(), at_most(LONGEST):
            warnings.simplefilter("ignore")
            found = kind.read(path)
    except (ValueError, CheckpointError) as error:
        text = str(error)
        if kind.name not in text:
            return f"{place_of(error)}: does not name the file: {text[:150]}"
        lines = text.count("\n")
        return f"{place_of(error)}: {lines + 1} lines: {text[:150]}" if lines else None
    except Slow:
        return "took too long"
    except BaseException as error:
        return f"{place_of(error)}: {str(error)[:150]}"
    if kind.is_sealed and found != before:
        return "another content, and no error"
    return None


def of_command(words: list[str]) -> str | None:
    """Run a command in this process; returns what is wrong with how that ends."""
    out, err = io.StringIO(), io.StringIO()
    try:
        with (
            warnings.catch_warnings(),
            at_most(LONGEST),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            warnings.simplefilter("ignore")
            code: Any = cli.main(words)
    except SystemExit as exit_:
        code = exit_.code
    except Slow:
        return "took too long"
    except BaseException as error:
        return f"{place_of(error)}: {str(error)[:150]}"
    said = err.getvalue().strip()
    if code not in (0, 1, 2):
        return f"code {code}"
    if code and len(said.splitlines()) != 1:
        return f"{len(said.splitlines())} lines: {said[-300:]}"
    return None


def cases(folder: Path) -> list[tuple[str, Callable[[random.Random], str | None]]]:
    """Return all kinds of cases by name: each makes one case and judges it."""
    found: list[tuple[str, Callable[[random.Random], str | None]]] = []
    for kind in kinds(folder):
        path = folder / "spoiled" / kind.name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(kind.content)
        before = kind.read(path)

        def spoiled(
            rng: random.Random,
            kind: Kind = kind,
            path: Path = path,
            before: Any = before,
        ) -> str | None:
            path.write_bytes(rng.choice(kind.mutate)(kind.content, rng))
            return of_file(kind, path, before)

        found.append((kind.name, spoiled))
    finished = FinishedRun(folder)

    def of_run(rng: random.Random) -> str | None:
        name, words = finished.case(rng)
        fault = of_command(words)
        return fault and f"{words[0]} of a spoiled {name}: {fault}"

    def of_words(rng: random.Random) -> str | None:
        words = command_line(rng, str(folder / "pond"))
        with contextlib.chdir(tempfile.mkdtemp(dir=folder)):
            fault = of_command(words)
        return fault and f"{words}: {fault}"

    return [*found, ("files of a run", of_run), ("commands", of_words)]


def main() -> int:
    """Run cases of every kind; code 1 if there are faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="kinds whose name holds this")
    options = parser.parse_args()
    total = faulty = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, case in cases(Path(folder)):
            if options.only not in name:
                continue
            told: Counter[str] = Counter()
            for seed in range(options.seed, options.seed + options.cases):
                fault = case(random.Random(f"{name} {seed}"))
                total += 1
                if fault:
                    faulty += 1
                    place = (
                        fault.partition(": ")[0] if name != "commands" else fault[-60:]
                    )
                    told[place] += 1
                    if told[place] == 1:
                        print(f"  {name}, seed {seed}: {fault}", flush=True)
            print(f"{name}: {options.cases} cases, {dict(told)}", flush=True)
    print(f"{total} cases, {faulty} faults")
    return int(faulty > 0)


if __name__ == "__main__":
    sys.exit(main())
