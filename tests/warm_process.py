"""Processes that have loaded everything already: starting one costs no import.

A process of its own is what a user has, and what a test of a command, a script or a
kill needs. Importing torch and DeepXDE takes ten CPU seconds, most of what many of
these tests do; here each process is a fork of one that did nothing but import.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

Word: TypeAlias = str | Path

TESTS = str(Path(__file__).parent)
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["ncl_deepxde.cli", "torch._dynamo", "matplotlib.pyplot", "pandas", "ot"]
)

spent = 0.0
"""CPU seconds of the processes that ended by themselves, for ``cpu_budget``."""


class Started:
    """A running process.

    Args:
        words: What follows ``python``: ``-m module``, ``-c code`` or a script, and
            their arguments.
        cwd: Its working directory.
        env: Its environment, that of this process if not given.
    """

    def __init__(
        self,
        words: Sequence[Word],
        cwd: Word | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        environment = dict(os.environ if env is None else env)
        arguments = (list(map(str, words)), str(cwd or "."), environment)
        self._process = CONTEXT.Process(
            target=_become, args=(*arguments, self._folder.name)
        )
        self._process.start()

    @property
    def pid(self) -> int:
        """Its number, for a signal."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Return how it ended, or nothing while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> subprocess.CompletedProcess[str]:
        """Return how it ended and what it printed.

        Raises:
            subprocess.TimeoutExpired: It runs longer; it is killed.
        """
        global spent
        self._process.join(timeout)
        if self._process.exitcode is None:
            self._process.kill()
            raise subprocess.TimeoutExpired("python", timeout or 0.0)
        with self._folder as folder:
            texts = {path.name: path.read_text() for path in Path(folder).iterdir()}
        spent += float(texts.get("cpu", 0.0))
        return subprocess.CompletedProcess(
            "python", self._process.exitcode, texts.get("1", ""), texts.get("2", "")
        )


def run(
    words: Sequence[Word],
    cwd: Word | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a process to its end; the arguments are those of ``Started``."""
    return Started(words, cwd, env).wait(timeout)


def _become(
    words: list[str], cwd: str, environment: dict[str, str], folder: str
) -> None:
    """Be what ``python words`` would be."""
    for stream in (1, 2):
        file = os.open(Path(folder, str(stream)), os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.path[:] = [path for path in sys.path if not path.startswith(TESTS)]
    try:
        _main(words)
    finally:
        Path(folder, "cpu").write_text(str(sum(os.times()[:4])))


def _main(words: list[str]) -> None:
    first, *rest = words
    if first == "-m":
        sys.path.insert(0, os.getcwd())
        sys.argv[:] = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.path.insert(0, "")
        sys.argv[:] = ["-c", *rest[1:]]
        sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(rest[0], "<string>", "exec"), vars(sys.modules["__main__"]))
    else:
        sys.path.insert(0, str(Path(first).resolve().parent))
        sys.argv[:] = words
        runpy.run_path(first, run_name="__main__")
