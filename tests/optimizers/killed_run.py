"""Gauss-Newton runs that kill their own process in the middle of a step.

``python killed_run.py DIRECTORY`` starts one run in DIRECTORY/NAME for every entry of
``OPTIONS``, each ended by SIGKILL at step 7, and prints how it ended.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from pathlib import Path

import deepxde as dde
import torch

from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.runs import Stage

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "runs" / "resumable_run.py"))
OPTIONS = {
    "kernel": {"solver": "kernel"},
    "cg": {"solver": "cg", "rank": 10, "acceleration": True},
}


def run(directory, name, **options):
    """Train for twelve steps, with a checkpoint after every fourth."""

    def compile(model):
        optimizer = GaussNewton(model, **OPTIONS[name])
        model.compile(optimizer, loss_weights=[1, 5], verbose=0)

    stages = [Stage("gauss-newton", compile, steps=12)]
    return EXAMPLE["run"](directory, stages=stages, **options)


def run_and_kill(directory, name):
    """Train in a child process that kills itself; return its end."""
    child = os.fork()
    if child == 0:
        kill = EXAMPLE["At"](7, lambda: os.kill(os.getpid(), signal.SIGKILL))
        run(directory, name, callbacks=[kill])
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    dde.config.set_default_float("float64")
    torch.set_num_threads(1)
    for name in OPTIONS:
        print(name, run_and_kill(Path(sys.argv[1]) / name, name))
