"""Training of ``high_precision.py``: every optimizer within a budget of CPU seconds."""

from __future__ import annotations

import io
import math
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from typing import Any

import deepxde as dde
import numpy as np
from tqdm import tqdm

from ncl_deepxde.optimizers import SOAP, GaussNewton
from ncl_deepxde.problems.euler.budgets import (
    LBFGSBudget,
    LBFGSOptions,
    NNCGBudget,
    NNCGOptions,
)
from ncl_deepxde.problems.euler.stages import stage

OPTIMIZERS = ("gauss-newton", "adam", "soap", "l-bfgs", "nncg")
WARM_UP = {"l-bfgs": {"adam": 0.1}, "nncg": {"adam": 0.1, "l-bfgs": 0.5}}
"""What comes before optimizers that get stuck from the start, and until which share of
the time: for NNCG as by its authors (https://arxiv.org/abs/2402.01868)."""

BAR = "{desc} {percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} CPU s {postfix}"


class Clock(dde.callbacks.Callback):
    """Counts the CPU seconds of steps, says when a moment has come, and ends training.

    Args:
        limit: CPU seconds after which training ends.
        moments: Numbers of CPU seconds, increasing, each noted once it has passed.
        note: Gets the CPU seconds and the steps so far; its time does not count.
        bar: Moved by the seconds that pass.

    Attributes:
        cools: Whether learning rates fall as a cosine until the limit.
        seconds: CPU seconds of all steps so far, over several trainings.
        steps: Their number.
    """

    def __init__(
        self,
        limit: float,
        moments: list[float],
        note: Callable[[float, int], None],
        bar: tqdm,
    ) -> None:
        super().__init__()
        self.limit, self.moments, self.note, self.bar = limit, moments, note, bar
        self.seconds, self.steps, self.cools = 0.0, 0, False

    def on_train_begin(self) -> None:
        """Start the clock at the first step."""
        self.first_rates = [g["lr"] for g in self.model.opt.param_groups]
        self.begin = time.process_time()

    def on_epoch_end(self) -> None:
        """Stop the clock while the moment is noted."""
        passed = time.process_time() - self.begin
        self.seconds += passed
        self.steps += 1
        self.bar.update(min(passed, self.bar.total - self.bar.n))
        if self.moments and self.seconds >= self.moments[0]:
            self.note(self.seconds, self.steps)
            self.moments = [m for m in self.moments if m > self.seconds]
        if self.cools:
            share = min(1.0, self.seconds / self.limit)
            for group, rate in zip(
                self.model.opt.param_groups, self.first_rates, strict=True
            ):
                group["lr"] = rate * (1 + math.cos(math.pi * share)) / 2
        self.model.stop_training = self.seconds >= self.limit
        self.begin = time.process_time()


def train(
    model: dde.Model,
    optimizer: str,
    options: Mapping[str, Any],
    seconds: float,
    moments: int,
    note: Callable[[float, int], None],
) -> None:
    """Train a model for a number of CPU seconds.

    Args:
        model: The model, which is compiled here.
        optimizer: A name in ``OPTIMIZERS``.
        options: Keywords of the optimizer, besides those that are set here.
        seconds: CPU seconds of all steps.
        moments: How often the error is noted, at times in a geometric sequence.
        note: Gets the CPU seconds and the steps so far, the last time after training.
    """
    times = list(np.geomspace(seconds / 60, seconds, moments)[:-1])
    with tqdm(total=seconds, bar_format=BAR, desc=optimizer, mininterval=1) as bar:

        def shown(at: float, steps: int) -> None:
            note(at, steps)
            bar.set_postfix_str(f"{steps} steps")

        clock = Clock(seconds, times, shown, bar)
        # DeepXDE's optimizers print.
        with redirect_stdout(io.StringIO()):
            for first, share in WARM_UP.get(optimizer, {}).items():
                clock.limit = share * seconds
                _compile(model, first, {})
                _run(model, clock)
            clock.limit = seconds
            _compile(model, optimizer, dict(options))
            clock.cools = optimizer in ("adam", "soap")
            _run(model, clock)
        shown(clock.seconds, clock.steps)


def _run(model: dde.Model, clock: Clock) -> None:
    # DeepXDE's display would evaluate all losses once more.
    model.train(
        iterations=sys.maxsize,
        display_every=sys.maxsize,
        callbacks=[clock],
        verbose=0,
    )


def _compile(model: dde.Model, optimizer: str, options: dict[str, Any]) -> None:
    match optimizer:
        case "gauss-newton":
            model.compile(GaussNewton(model, **options), verbose=0)
        case "soap":
            model.compile(SOAP(model, **options), verbose=0)
        case "adam":
            model.compile("adam", **{"lr": 1e-2, **options}, verbose=0)
        case "l-bfgs":
            known = LBFGSOptions(**{"max_iter": 50, "history_size": 100, **options})
            budget = LBFGSBudget(steps=1, resample_every=20, options=known)
            stage(optimizer, budget, [1.0]).compile(model)
        case "nncg":
            known = {"rank": 20, "mu": 1e-2, "update_freq": 20, "cg_max_iters": 50}
            budget = NNCGBudget(
                steps=1, resample_every=20, options=NNCGOptions(**known | options)
            )
            stage(optimizer, budget, [1.0]).compile(model)
