"""Runs that are killed at random moments, and what becomes of them: ``make soak``.

``PYTHONPATH=tests python tests/soak/kills.py --seconds 3600 --seed 0``

A case kills a run, sometimes twice, and repeats its command with ``--resume``. It has
survived if loss and weights are those of the unbroken run, to the last bit, and errors
up to the round-off of a reference that is solved anew; all files that are there at any
moment are whole; and no lock or temporary file stays.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import warm_process

import reference_fem
from ncl_deepxde.files import arrays_in, read_json
from ncl_deepxde.runs.checkpoints import load_checkpoint
from ncl_deepxde.runs.skeleton import write_problem

FAULTS = Path(__file__).with_name("faults.py")
RUN = ("--preset", "smoke", "--device", "cpu", "--threads", "1")
MODELS = {
    "hodge": ("divfree-matrix", "both-parts"),
    "euler-torus": ("pinn", "ncl-hard"),
    "euler-ball": ("curl", "ncl-hard"),
    "fluid-flow": ("lflow", "pinn"),
    "cavity": ("pinn", "incompressible"),
    "optimal-transport": (),
    "bird-migration": ("lflow",),
}
"""Problems whose smoke preset is run, with some of their models; all where none."""
ELEMENTS = ("torus", "--n", "6", "--dt", "0.01", "--t-end", "0.5", "--save-times", "3")
ROUND_OFF = 1e-9
"""Of errors: references by finite elements are solved to a tolerance."""
SIGNALS = ("kill", "kill", "kill", "kill", "term", "ctrl-c", "ctrl-c twice")


@dataclass
class Outcome:
    """What became of a case.

    Attributes:
        job: What was run.
        fault: What happened to it.
        moments: When: seconds, or numbers of changes of files.
        codes: How the processes ended, the repeated one last.
        faults: What is wrong; nothing if it survived.
    """

    job: str
    fault: str
    moments: list[float]
    codes: list[int | None] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def without_times(value: Any) -> Any:
    """Return JSON values without those that a clock decides."""
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if "seconds" not in k}
    return value


def numbers_of(out: Path) -> dict[str, Any]:
    """Return what a finished run says, weights included."""
    found = without_times(read_json(out / "metrics.json"))
    for path in sorted(out.glob("checkpoints/*.pt")):
        if not path.stem.endswith(".previous"):
            weights = load_checkpoint(path)["state"]["weights"]
            found[path.stem] = {k: v.tolist() for k, v in weights.items()}
    return dict(found)


def differences(first: Any, second: Any, name: str = "") -> Iterator[str]:
    """Yield what differs between two results, by more than the round-off of errors."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in {**first, **second}:
            inner = f"{name}.{key}" if name else str(key)
            yield from differences(first.get(key), second.get(key), inner)
    elif isinstance(first, float) and isinstance(second, float) and "loss" not in name:
        if not math.isclose(first, second, rel_tol=ROUND_OFF, abs_tol=ROUND_OFF):
            yield f"{name}: {first} and {second}"
    elif json.dumps(first) != json.dumps(second):
        yield f"{name}: {str(first)[:60]} and {str(second)[:60]}"


def halves(out: Path) -> Iterator[str]:
    """Yield the files of a run directory, under their own names, that are not whole."""
    for path in out.rglob("*"):
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            if path.suffix == ".json":
                read_json(path)
            elif path.suffix == ".pt":
                load_checkpoint(path)
            elif path.suffix == ".npz":
                with arrays_in(path) as data:
                    dict(data)
        except (ValueError, RuntimeError) as error:
            yield f"half a file: {error}"


def left(out: Path) -> list[str]:
    """Return what is no file of a finished run."""
    return [f"left: {p.relative_to(out)}" for p in out.rglob(".*")]


def wrong_words(done: subprocess.CompletedProcess[str], fault: str) -> list[str]:
    """Return what a process says that it should not: a traceback, or a third code."""
    bad = "Traceback" in done.stderr and fault != "ctrl-c twice"
    return [f"traceback: {done.stderr[-300:]}"] * bad


class Runs:
    """Cases of ``ncl-deepxde run``.

    Args:
        folder: Where they run.
        name: Name of the problem, or the folder of one.
        models: Its models.
    """

    def __init__(self, folder: Path, name: str, models: Sequence[str] = ()) -> None:
        self.name, self.folder = Path(name).name, folder
        chosen = [word for model in models for word in ("--model", model)]
        self.words = ["run", name, *chosen, *RUN]
        begun = time.monotonic()
        whole = folder / f"{self.name}-whole"
        done = self._start(whole, 0, "none").wait()
        if done.returncode:
            raise RuntimeError(f"{self.name}: {done.stderr}")
        self.seconds = time.monotonic() - begun
        self.changes = int(done.stdout.split()[-1])
        self.numbers = numbers_of(whole)

    def _start(self, out: Path, number: int, fault: str, *more: str) -> Any:
        words = [FAULTS, out, str(number), fault, *self.words, "--out", out, *more]
        return warm_process.Started(words)

    def at_change(self, number: int, fault: str) -> Outcome:
        """Let a fault happen at a change of a file, then repeat the command."""
        found = Outcome(self.name, fault, [number])
        out = Path(tempfile.mkdtemp(dir=self.folder)) / "run"
        done = self._start(out, number, fault).wait()
        self._judge(found, out, done)
        return self._resume(found, out)

    def at_times(self, moments: Sequence[float], fault: str) -> Outcome:
        """Send a signal at each of some times after a start, then repeat."""
        found = Outcome(self.name, f"{fault} at a time", list(moments))
        out = Path(tempfile.mkdtemp(dir=self.folder)) / "run"
        for i, seconds in enumerate(moments):
            started = self._start(out, 0, "none", *["--resume"] * (i > 0))
            deadline = time.monotonic() + seconds
            while started.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            for pause in (0.0, 0.3) if "twice" in fault else (0.0,):
                time.sleep(pause)
                if started.poll() is None:
                    os.kill(started.pid, by_name(fault))
            self._judge(found, out, started.wait(300))
        return self._resume(found, out)

    def _judge(
        self, found: Outcome, out: Path, done: subprocess.CompletedProcess[str]
    ) -> None:
        found.codes.append(done.returncode)
        found.faults += [*wrong_words(done, found.fault), *halves(out)]
        if done.returncode not in (0, 1, 2, 130, -signal.SIGKILL, -signal.SIGTERM):
            found.faults.append(f"code {done.returncode}: {done.stderr[-300:]}")

    def _resume(self, found: Outcome, out: Path) -> Outcome:
        done = self._start(out, 0, "none", "--resume").wait(600)
        found.codes.append(done.returncode)
        if done.returncode:
            found.faults.append(f"not resumed: {done.stderr[-300:]}")
        else:
            found.faults += [*halves(out), *left(out)]
            found.faults += list(differences(self.numbers, numbers_of(out)))[:5]
            if not (out / "report.html").exists():
                found.faults.append("no report")
        shutil.rmtree(out.parent, ignore_errors=True)
        return found


def by_name(fault: str) -> signal.Signals:
    """Return the signal of a fault."""
    known = {"kill": signal.SIGKILL, "term": signal.SIGTERM}
    return known.get(fault, signal.SIGINT)


class Elements:
    """Cases of ``python -m reference_fem``, which keeps its state in a checkpoint.

    Args:
        folder: Where they run.
        processes: Their number; more than one under mpirun.
    """

    def __init__(self, folder: Path, processes: int) -> None:
        self.folder, self.processes = folder, processes
        self.name = f"reference_fem by {processes}"
        begun = time.monotonic()
        self.whole = self._start(folder / f"whole-{processes}", None)
        if self.whole.wait():
            raise RuntimeError(f"{self.name} ended with code {self.whole.returncode}")
        self.seconds = time.monotonic() - begun
        self.numbers = reference_fem.load(folder / f"whole-{processes}" / "out.npz")

    def _start(self, out: Path, cache: Path | None) -> subprocess.Popen[bytes]:
        out.mkdir(exist_ok=True)
        by = [sys.executable, "-m", "reference_fem", *ELEMENTS]
        if self.processes > 1:
            mpirun = str(Path(sys.executable).with_name("mpirun"))
            by = [mpirun, "-n", str(self.processes), *by]
        files = ["--out", str(out / "out.npz"), "--checkpoint", str(out / "state.npz")]
        place = {} if cache is None else {"XDG_CACHE_HOME": str(cache)}
        with (out / "said").open("wb") as said:
            return subprocess.Popen(
                [*by, *files], stdout=said, stderr=said, env=os.environ | place
            )

    def at_times(self, moments: Sequence[float], fault: str, fresh: bool) -> Outcome:
        """Kill it, under mpirun the launcher or one of its processes, and repeat.

        Args:
            moments: Seconds after a start.
            fault: ``"launcher"`` or ``"process"``.
            fresh: Whether its forms are not compiled yet.
        """
        found = Outcome(
            f"{self.name}{', nothing compiled' * fresh}", fault, list(moments)
        )
        place = Path(tempfile.mkdtemp(dir=self.folder))
        out, cache = place / "run", (place / "cache" if fresh else None)
        for seconds in moments:
            started = self._start(out, cache)
            deadline = time.monotonic() + seconds
            while started.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            if started.poll() is None:
                os.kill(victim(started.pid, fault), signal.SIGKILL)
            found.codes.append(started.wait(300))
            found.faults += halves(out)
        repeated = self._start(out, cache)
        found.codes.append(repeated.wait(600))
        if repeated.returncode:
            found.faults.append(f"not repeated: {(out / 'said').read_text()[-300:]}")
        else:
            again = reference_fem.load(out / "out.npz")
            for name in ("rho", "u", "p"):
                a, b = getattr(self.numbers, name), getattr(again, name)
                off = float(np.abs(a - b).max() / np.abs(a).max())
                # A cut march equals the whole one to the order of sums.
                if not off <= 1e-10:
                    found.faults.append(f"{name} is off by {off:.1e}")
            found.faults += left(out)
        shutil.rmtree(place, ignore_errors=True)
        return found


def victim(launcher: int, fault: str) -> int:
    """Return the process to be killed: the one started, or one that it started."""
    below = descendants(launcher) if fault == "process" else []
    return below[-1] if below else launcher


def descendants(process: int) -> list[int]:
    """Return the processes that one started, and those that these did."""
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    found = [int(word) for word in text.split()]
    return [*found, *(below for child in found for below in descendants(child))]


def cases(folder: Path, rng: random.Random) -> Iterator[Any]:
    """Yield functions that run one case each, without end."""
    jobs: dict[str, Any] = {}

    def runs(name: str, problem: str, models: Sequence[str]) -> Runs:
        if name not in jobs:
            jobs[name] = Runs(folder, problem, models)
        return jobs[name]

    pond = str(write_problem(folder / "pond"))
    warm_process.run(["-c", "pass"])  # the imports, before a run is timed
    while True:
        for problem, models in MODELS.items():
            job = runs(problem, problem, models)
            number = rng.choices((1, 2), (3, 1))[0]
            moments = [rng.uniform(0, job.seconds) for _ in range(number)]
            fault = rng.choice(SIGNALS)
            yield lambda job=job, m=moments, f=fault: job.at_times(m, f)
            number, fault = rng.randint(1, job.changes), rng.choice(ANY)
            yield lambda job=job, n=number, f=fault: job.at_change(n, f)
        for processes in (1, 2):
            elements = jobs.setdefault(str(processes), None) or Elements(
                folder, processes
            )
            jobs[str(processes)] = elements
            fresh, fault = rng.random() < 0.3, rng.choice(("launcher", "process"))
            longest = elements.seconds * (3 if fresh else 1)
            moments = [rng.uniform(0, longest) for _ in range(rng.choice((1, 2)))]
            yield lambda e=elements, m=moments, f=fault, n=fresh: e.at_times(m, f, n)
        toy = runs("pond", pond, ())
        for _ in range(10):
            number, fault = rng.randint(1, toy.changes), rng.choice(ANY)
            yield lambda job=toy, n=number, f=fault: job.at_change(n, f)


ANY = (
    *("kill", "kill", "kill", "term", "ctrl-c", "ctrl-c twice"),
    *("full", "full once", "read-only"),
)


def main() -> int:
    """Run cases until the time is over; code 1 if one did not survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="default: 3600")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="JSON lines, one for each case")
    options = parser.parse_args()
    deadline, counts, failed = time.monotonic() + options.seconds, Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(Path(folder), random.Random(options.seed)):
            if time.monotonic() > deadline:
                break
            found = case()
            counts[found.fault] += 1
            failed += bool(found.faults)
            line = json.dumps(asdict(found))
            print(line if found.faults else f"survived: {line[:160]}", flush=True)
            if options.out:
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
    print(f"{sum(counts.values())} cases, {failed} not survived: {dict(counts)}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
