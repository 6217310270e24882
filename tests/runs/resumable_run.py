"""A small training run that can kill its own process in the middle of a step.

Call `run`, or `python resumable_run.py DIRECTORY STEP ...`, which starts one run in
DIRECTORY/STEP for every step and prints how it ended.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import deepxde as dde
import torch

from ncl_deepxde.data import Collocation, Condition, initial_slice, uniform_box
from ncl_deepxde.runs import Stage, train
from ncl_deepxde.runs.log import read_log


class At(dde.callbacks.Callback):
    """Calls `action` before the update of one step, counted from 1."""

    def __init__(self, step, action):
        super().__init__()
        self.step = step
        self.action = action

    def on_batch_begin(self):
        if self.model.train_state.step + 1 == self.step:
            self.action()


def wave(inputs, outputs):
    u_x = dde.grad.jacobian(outputs, inputs, i=0, j=0)
    u_t = dde.grad.jacobian(outputs, inputs, i=0, j=1)
    return u_t + u_x


def start(inputs, outputs):
    return [outputs - torch.sin(6.0 * inputs[:, 0:1])]


def build_model(seed=0):
    dde.config.set_random_seed(seed)
    line = initial_slice(uniform_box([0], [1]))
    conditions = [Condition("initial", line, 8, start)]
    data = Collocation(wave, uniform_box([0, 0], [1, 1]), 20, conditions, seed=seed)
    return dde.Model(data, dde.nn.FNN([2, 8, 1], "tanh", "Glorot normal"))


def adam(model):
    model.data.resample_every = 1
    model.compile(
        "adam", lr=1e-2, decay=("step", 7, 0.8), loss_weights=[1, 5], verbose=0
    )


def plain_adam(model):
    model.compile("adam", lr=1e-2, verbose=0)


def lbfgs(model):
    model.data.resample_every = 10
    weights = model.net.parameters()
    optimizer = torch.optim.LBFGS(weights, max_iter=4, line_search_fn="strong_wolfe")
    model.compile(optimizer, loss_weights=[1, 5], verbose=0)


STAGES = (Stage("adam", adam, steps=40), Stage("l-bfgs", lbfgs, steps=12))


def run(directory, *, model=None, callbacks=(), **options):
    """Train a fresh model, or `model`; returns the model and the result."""
    torch.set_num_threads(1)
    model = model or build_model()
    options = {
        "name": "net",
        "checkpoint_steps": 4,
        "log_every": 5,
        "progress": False,
        "config": {"width": 8},
    } | options
    stages = options.pop("stages", STAGES)
    result = train(model, stages, Path(directory), callbacks=callbacks, **options)
    return model, result


def weights(model):
    return torch.nn.utils.parameters_to_vector(model.net.parameters()).detach()


def log_of(directory):
    """The log without its only irreproducible entry."""
    records = read_log(directory / "log.jsonl")
    return [{k: v for k, v in r.items() if k != "seconds"} for r in records]


def run_and_kill(directory, step):
    """Train in a child process that kills itself at `step`; return its end."""
    child = os.fork()
    if child == 0:
        kill = At(step, lambda: os.kill(os.getpid(), signal.SIGKILL))
        run(directory, callbacks=[kill])
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    dde.config.set_default_float("float64")
    torch.set_num_threads(1)
    # Imports what every first optimizer imports, once for all children.
    torch.optim.SGD([torch.zeros(1, requires_grad=True)])
    for step in sys.argv[2:]:
        print(step, run_and_kill(Path(sys.argv[1]) / step, int(step)))
