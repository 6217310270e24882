"""Error of the density against training time, for every model and optimizer.

    python benchmarks/accuracy_per_second.py [--seconds 60] [--out DIRECTORY]
        [--model ncl-hard ...] [--optimizer adam ...] [--device cuda] [--quick]

Problem euler-torus, each model with its sizes and weights of preset ``quick``, of which
Gauss-Newton does the first stage only; Adam and those who follow it take the points of
preset ``adam``. All see the same distribution of points, in the same float type. Errors
are in standard deviations of the density, against a spectral solution. L-BFGS and NNCG
begin with steps of Adam, which are part of their time; the learning rate of Adam is
constant. The clock counts steps only: neither the errors nor what DeepXDE does before
the first step. Written are ``results.json`` and ``results.png``; pairs in the
JSON file are not trained again.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import deepxde as dde
import numpy as np
import torch
from accuracy_figure import draw
from reference_accuracy import spectral_solution
from tqdm import tqdm

from ncl_deepxde.evaluation.metrics import (
    Array,
    Solution,
    errors_over_time,
    time_key,
    torus_grid,
)
from ncl_deepxde.files import replacing
from ncl_deepxde.plotting.style import save
from ncl_deepxde.problems.euler.torus.problem import PROBLEM
from ncl_deepxde.problems.euler.torus.settings import TorusModel
from ncl_deepxde.runs.run import check_name, select_device
from ncl_deepxde.runs.run_directory import check_writable
from ncl_deepxde.runs.training import train

TIMES = (0.1, 0.2, 1 / 3)
INSTANTS = 12
GRID = 64
BAR = "{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining} {postfix}"

MODELS = ["pinn", "pinn-hard", "ncl-matrix", "ncl-hard", "ncl-tensor"]

# Numbers of the last stage, which lasts until time is up.
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "adam": {"lr": 1e-2},
    "l-bfgs": {"options": {"max_iter": 50, "history_size": 50}},
    "nncg": {
        "resample_every": 20,
        "options": {"rank": 20, "mu": 30.0, "update_freq": 20, "cg_max_iters": 10},
    },
    "gauss-newton": {},
}
WARM_UP = {"l-bfgs": 200, "nncg": 200}
"""Steps of Adam before optimizers that get stuck from random weights."""


class Recorder(dde.callbacks.Callback):
    """Notes the errors at given instants of training time, and ends it at the last.

    Args:
        solution: The model in training.
        reference: What to compare with.
        instants: Training times in seconds, increasing.
        bar: Moved by the seconds that pass.
    """

    def __init__(
        self,
        solution: Solution,
        reference: Solution,
        instants: Sequence[float],
        bar: tqdm,
    ) -> None:
        super().__init__()
        self.solution, self.reference = solution, reference
        self.instants, self.bar = list(instants), bar
        self.seconds, self.steps = 0.0, 0
        self.history: list[dict[str, Any]] = []

    def on_train_begin(self) -> None:
        """Start the clock, at the first step of a stage."""
        self.begin = time.perf_counter()

    def on_epoch_end(self) -> None:
        """Stop the clock for a look at the errors when an instant has come."""
        passed = time.perf_counter() - self.begin
        self.seconds += passed
        self.steps += 1
        self.bar.update(min(passed, self.bar.total - self.bar.n))
        if self.instants and self.seconds >= self.instants[0]:
            self.record()
            self.instants = [t for t in self.instants if t > self.seconds]
        self.model.stop_training = not self.instants
        self.begin = time.perf_counter()

    def record(self) -> None:
        """Append the errors of this moment."""
        errors = errors_over_time(
            self.solution, self.reference, torus_grid(GRID), TIMES, fields=["rho"]
        )
        found = errors["standardized_l2"]["rho"]
        rho = {time_key(t): error for t, error in found.items()}
        self.history.append(
            {
                "seconds": self.seconds,
                "steps": self.steps,
                "loss": float(np.sum(self.model.train_state.loss_train)),
                "rho": rho,
            }
        )
        self.bar.set_postfix_str(" / ".join(f"{e:.2g}" for e in rho.values()))


def reference_solution(n: int, cache: Path) -> Solution:
    """Return the spectral density at the grid and the times of the benchmark."""
    solution, points = spectral_solution(n, cache), torus_grid(GRID)
    table = {t: {"rho": solution.evaluate(points, t)["rho"]} for t in TIMES}

    def reference(_: Array, time: float) -> dict[str, Array]:
        return table[time]

    return reference


def content_of(model: str, optimizer: str, quick: bool) -> dict[str, Any]:
    """Return the JSON values of a pair, those of a preset with other stages."""
    preset = "quick" if optimizer == "gauss-newton" else "adam"
    whole = PROBLEM.presets["smoke" if quick else preset].content
    content = {k: v for k, v in whole.items() if k not in PROBLEM.models}
    content |= whole.get(model, {})
    budget = content.get(optimizer, {})
    content[optimizer] = {**budget, **OPTIMIZERS[optimizer], "steps": sys.maxsize}
    content["stages"] = [optimizer]
    if optimizer in WARM_UP:
        steps = 5 if quick else WARM_UP[optimizer]
        content["adam"] = {**OPTIMIZERS["adam"], "steps": steps}
        content["stages"] = ["adam", optimizer]
    return content


def settings_of(model: str, content: Mapping[str, Any]) -> TorusModel:
    """Return the settings that a model sees."""
    preset = replace(PROBLEM.presets["quick"], content=content)
    settings: TorusModel = preset.settings(model)
    return settings


def train_pair(
    model: str,
    optimizer: str,
    content: Mapping[str, Any],
    options: argparse.Namespace,
    reference: Solution,
    bar: tqdm,
) -> dict[str, Any]:
    """Train a model by an optimizer; return its errors at the instants."""
    settings = settings_of(model, content)
    # DeepXDE's optimizers print.
    with redirect_stdout(io.StringIO()), TemporaryDirectory() as folder:
        dde.config.set_default_float(settings.float_type)
        dde.config.set_random_seed(options.seed)
        experiment = PROBLEM.build(model, settings, options.seed)
        instants = np.geomspace(options.seconds / 60, options.seconds, INSTANTS)
        recorder = Recorder(experiment.solution, reference, list(instants), bar)
        failure = None
        try:
            train(
                experiment.model,
                experiment.stages,
                Path(folder),
                name=model,
                seed=options.seed,
                checkpoint_seconds=float("inf"),
                progress=False,
                callbacks=[recorder],
            )
        except RuntimeError as error:
            failure = str(error)
    return {
        "model": model,
        "optimizer": optimizer,
        "settings": content,
        "parameters": sum(p.numel() for p in experiment.model.net.parameters()),
        "history": recorder.history,
        "failure": failure,
    }


def load(path: Path, header: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the pairs that are done.

    Raises:
        ValueError: They were trained under other conditions.
    """
    if not path.exists():
        return []
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["header"] != header:
        raise ValueError(
            f"--out: {path} was made with {content['header']}, now asked for is "
            f"{header}. Choose another directory."
        )
    return list(content["runs"])


def pairs(
    options: argparse.Namespace, runs: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the pairs to train and their content; those with equal ones are done."""
    known = {(r["model"], r["optimizer"]): r["settings"] for r in runs}
    wanted = [
        (model, optimizer, content_of(model, optimizer, options.quick))
        for model in options.model
        for optimizer in options.optimizer
    ]
    return [
        (model, optimizer, content)
        for model, optimizer, content in wanted
        if known.get((model, optimizer)) != json.loads(json.dumps(content))
    ]


def summary(run: Mapping[str, Any]) -> str:
    """Return the last errors of a pair in a line."""
    line = f"{run['model']}, {run['optimizer']}: "
    if run["history"]:
        last = run["history"][-1]
        errors = " / ".join(f"{e:.3g}" for e in last["rho"].values())
        line += f"{errors} after {last['steps']} steps, {last['seconds']:.1f} s"
    return f"{line}; FAILED: {run['failure']}" if run["failure"] else line


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line and check names and numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", action="append", help=f"default: {MODELS}")
    parser.add_argument("--optimizer", action="append", help="default: all")
    parser.add_argument("--seconds", type=float, help="of each pair (60)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--spectral", type=int, help="points per axis (192)")
    parser.add_argument("--out", type=Path, default=Path("runs/accuracy_per_second"))
    parser.add_argument("--quick", action="store_true", help="seconds; no accuracy")
    options = parser.parse_args(arguments)
    if options.seconds is None:
        options.seconds = 0.3 if options.quick else 60.0
    options.spectral = options.spectral or (16 if options.quick else 192)
    options.model = options.model or MODELS
    options.optimizer = options.optimizer or list(OPTIMIZERS)
    try:
        for name in options.model:
            check_name("--model", name, PROBLEM.models)
        for name in options.optimizer:
            check_name("--optimizer", name, OPTIMIZERS)
        if options.seconds <= 0:
            raise ValueError(f"--seconds: must be positive, got {options.seconds}.")
        check_writable(options.out)
        select_device(options.device)
    except ValueError as error:
        parser.error(str(error))
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Train all pairs, write the JSON file after each and the figure at the end."""
    options = options_of(arguments)
    keys = ("seconds", "seed", "device", "spectral", "quick")
    header = {k: getattr(options, k) for k in keys}
    header["threads"] = torch.get_num_threads()
    path = options.out / "results.json"
    runs = load(path, header)
    wanted = pairs(options, runs)
    reference = reference_solution(options.spectral, options.out)
    with tqdm(total=len(wanted) * options.seconds, bar_format=BAR) as bar:
        for count, (model, optimizer, content) in enumerate(wanted, 1):
            bar.set_description_str(f"{model}, {optimizer}")
            run = train_pair(model, optimizer, content, options, reference, bar)
            bar.update(count * options.seconds - bar.n)
            bar.write(summary(run))
            same = {"model": model, "optimizer": optimizer}
            runs = [r for r in runs if not same.items() <= r.items()] + [run]
            with replacing(path) as temporary:
                results = {"header": header, "runs": runs}
                temporary.write_text(json.dumps(results, indent=1), encoding="utf-8")
    save(draw(runs, PROBLEM, TIMES), path.with_suffix(".png"))


if __name__ == "__main__":
    main()
