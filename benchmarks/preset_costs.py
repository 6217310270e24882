"""CPU time of a step of every stage of a preset, and the steps that some seconds buy.

Every model goes through the stages of the preset by its own optimizers, a few steps
each, on one thread of a CPU; the first step of a stage does not count. CPU time, the
median of the steps, depends little on what else the machine does: up to a third, by
shared caches. Budgets of presets are steps, chosen from these numbers so that the
models of a preset have equal CPU time.

    python benchmarks/preset_costs.py euler-torus [--preset quick] [--model pinn]
        [--seconds 50 200] [--steps 8] [--out costs.json]

``--seconds`` are CPU seconds of each stage in its order; the last column then holds the
steps they buy.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.runs import Stage, find
from ncl_deepxde.runs.cells import Cell, list_cells
from ncl_deepxde.runs.training import train

Cost: TypeAlias = dict[str, Any]

COLUMNS = f"{'model':24s}{'stage':28s}{'ms per step':>12s}{'steps':>8s}{'CPU s':>8s}"


class Clock(dde.callbacks.Callback):  # type: ignore[misc]
    """Takes the CPU seconds of every step."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_batch_begin(self) -> None:
        """Start the clock."""
        self.begin = time.process_time()

    def on_batch_end(self) -> None:
        """Keep the time of the step."""
        self.seconds.append(time.process_time() - self.begin)


def step_costs(problem: Any, preset: str, cell: Cell, steps: int) -> list[Cost]:
    """Return what a step of each stage of a model costs.

    Args:
        problem: The problem.
        preset: Name of its preset.
        cell: The model and its case.
        steps: Number of steps of each stage that count.
    """
    settings = problem.presets[preset].settings(cell.model, cell.case)
    clock = Clock()
    # DeepXDE's optimizers print.
    with redirect_stdout(io.StringIO()), TemporaryDirectory() as folder:
        dde.config.set_default_float(settings.float_type)
        dde.config.set_random_seed(cell.seed)
        experiment = problem.build(cell.model, settings, cell.seed)
        train(
            experiment.model,
            [replace(s, steps=steps + 1, seconds=None) for s in experiment.stages],
            Path(folder),
            name="costs",
            checkpoint_seconds=float("inf"),
            progress=False,
            callbacks=[clock],
        )
    # The first step of every stage does not count.
    times = np.reshape(clock.seconds, (-1, steps + 1))[:, 1:]
    costs = np.median(times, axis=1).tolist()
    return [cost_of(cell, *one) for one in zip(experiment.stages, costs, strict=True)]


def cost_of(cell: Cell, stage: Stage, cost: float) -> Cost:
    """Return the cost of a step of a stage, in seconds, beside the stage's budget."""
    spent = None if stage.steps is None else stage.steps * cost
    found = {"model": cell.label, "stage": stage.name, "seconds_per_step": cost}
    return {**found, "steps": stage.steps, "cpu_seconds": spent}


def line(found: Cost, bought: float | None) -> str:
    """Return a cost as text, with the steps that some CPU seconds buy."""
    cost, steps, spent = (found[k] for k in list(found)[2:])
    text = f"{found['model']:24s}{found['stage']:28s}{cost * 1e3:12.1f}"
    text += f"{'-' if steps is None else steps:>8}"
    text += f"{'-' if spent is None else f'{spent:.1f}':>8s}"
    return text if bought is None else f"{text}{round(bought / cost):8d}"


def totals(rows: Sequence[Cost]) -> str:
    """Say how much CPU time the budgets of the models take, and how equal they are."""
    models = {r["model"]: 0.0 for r in rows if r["steps"] is not None}
    for r in rows:
        if r["model"] in models and r["cpu_seconds"] is not None:
            models[r["model"]] += r["cpu_seconds"]
    if not models:
        return ""
    most, least = max(models.values()), min(models.values())
    shown = ", ".join(f"{name} {total:.0f} s" for name, total in models.items())
    return f"budgets: {shown}; largest / smallest {most / least:.2f}"


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line and check the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problem")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--model", action="append", help="default: those of the preset")
    parser.add_argument("--seconds", type=float, nargs="+", help="CPU, of each stage")
    parser.add_argument("--steps", type=int, default=8, help="that count (8)")
    parser.add_argument("--out", type=Path, help="JSON file")
    options = parser.parse_args(arguments)
    if options.steps < 1:
        parser.error(f"--steps: must be at least 1, got {options.steps}")
    if not all(s > 0 for s in options.seconds or []):
        parser.error(f"--seconds: must be positive, got {options.seconds}")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = options_of(arguments)
    torch.set_num_threads(1)
    problem = find(options.problem)
    preset = problem.presets[options.preset]
    print(COLUMNS + ("" if options.seconds is None else f"{'buys':>8s}"))
    rows: list[Cost] = []
    for cell in list_cells(options.model or preset.models, preset, 0):
        if cell.seed:
            continue
        found = step_costs(problem, options.preset, cell, options.steps)
        seconds = options.seconds or [None] * len(found)
        if len(seconds) != len(found):
            raise SystemExit(
                f"--seconds: must hold a number for each of the {len(found)} stages of "
                f"{cell.label}, got {len(seconds)}."
            )
        for one, bought in zip(found, seconds, strict=True):
            print(line(one, bought), flush=True)
        rows += found
    print(totals(rows))
    if options.out:
        content = {"problem": problem.name, "preset": options.preset, "rows": rows}
        options.out.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
