"""Seconds and peak memory of a training step: LFlow, its released way, and its rivals.

    python benchmarks/lflow_step.py [--device cuda] [--threads 2] [--plot step.png]
        [--batch 256 --batch 2048 ...] [--model lflow --model released ...]
        [--collocation 0.25] [--out lflow_step.json]

All fit the same observations in the plane: density by the mean square of log(1 + rho),
velocity by its own, with Adam in float32. ``released`` is LFlow's own network in two
passes with log-determinants per block; that both give the same numbers is checked
first, in float64. ``dfnn`` is the second-order NCL by nested reverse differentiation,
``ncl-subharmonic`` the same in closed form; ``pinn`` adds the continuity equation at
collocation points; ``slda`` solves ODEs, for a velocity close to a rigid rotation.
Models take turns; printed are medians of the seconds, and of memory what the step adds
to the weights. Its peak is what operations of torch make, or what CUDA allocates: the
resident memory of a process also holds what malloc keeps (for ``dfnn`` 1.7 times as
much), and lacks what earlier steps left to it. It depends on nothing else that runs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lflow_rivals import MODELS, ReleasedLFlow, continuity, flow, loss_of, observations
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from measuring import seconds, set_float
from tqdm import tqdm

import ncl_deepxde  # noqa: F401  (chooses the backend before deepxde is loaded)
from ncl_deepxde.evaluation.memory import peak_mib
from ncl_deepxde.plotting.style import model_colors, new_figure, save, style
from ncl_deepxde.problems.observed import COLORS
from ncl_deepxde.runs.run import check_name, select_device

COLLOCATION = 65536
AGREEMENT = 1e-10
BATCHES = [256, 512, 1024, 2048, 4096, 8192, 16384]

Step = Callable[[int], None]


def training_step(name: str, num_collocation: int, most: int) -> Step:
    """Return a function that does one step of Adam with so many points.

    Args:
        name: A key of ``MODELS``.
        num_collocation: Points of the continuity equation of the PINN.
        most: Observations at hand.
    """
    torch.manual_seed(0)
    net, outputs = MODELS[name]()
    adam = torch.optim.Adam(net.parameters(), 1e-4)
    observed = observations(most)

    def step(batch: int) -> None:
        inputs, *targets = (w[:batch].clone() for w in observed)
        loss = loss_of(*outputs(inputs), *targets)
        if name == "pinn":
            loss = loss + continuity(outputs, num_collocation)
        loss.backward()
        adam.step()
        adam.zero_grad()

    return step


def differences(batch: int) -> dict[str, float]:
    """Return how far both ways through an LFlow differ in float64, relatively."""
    set_float("float64")
    torch.manual_seed(0)
    net = flow()
    inputs, *observed = observations(batch)
    way = ReleasedLFlow(net)
    ours = net(inputs).split([1, 2], dim=1)
    theirs = way.density(inputs), way.velocity(inputs)
    gradients = [
        torch.cat([g.flatten() for g in torch.autograd.grad(loss, net.parameters())])
        for loss in (loss_of(*outputs, *observed) for outputs in (ours, theirs))
    ]
    set_float("float32")
    pairs = zip((*ours, gradients[0]), (*theirs, gradients[1]), strict=True)
    return {
        name: float(((a - b).norm() / b.norm()).detach())
        for name, (a, b) in zip(("rho", "u", "gradient"), pairs, strict=True)
    }


class Curves:
    """Seconds and peak memory against the batch size.

    Args:
        names: Names of the models.
        options: The command line.
    """

    def __init__(self, names: Sequence[str], options: argparse.Namespace) -> None:
        self.options, self.rows = options, []
        most, num_collocation = max(options.batch), options.num_collocation
        self.steps = {n: training_step(n, num_collocation, most) for n in names}
        for step in self.steps.values():
            step(min(64, most))
        self.known = {name: [(-1, 0.0), (0, 0.0)] for name in names}

    def measure(self, batch: int, bar: tqdm) -> None:
        """Append a row for every model that fits into memory."""
        expected = {name: self._expected(name, batch) for name in self.steps}
        most = 1024 * self.options.gib
        steps = {n: s for n, s in self.steps.items() if expected[n] <= most}
        for name in expected.keys() - steps.keys():
            mib = f"{expected[name]:10.0f} MiB expected"
            bar.write(f"{name:16s}{batch:7d} points{'left out':>14s}{mib}")
            bar.update()
        peaks = {}
        for name, step in steps.items():
            bar.set_description_str(f"{name}, {batch} points")
            peaks[name] = peak_mib(partial(step, batch))
            self.known[name].append((batch, peaks[name]))
            bar.update()
        timed = {name: partial(step, batch) for name, step in steps.items()}
        medians = seconds(timed, self.options.repeats, self.options.seconds)
        for name, median in medians.items():
            row = {"model": name, "batch": batch, "seconds": median}
            self.rows.append(row | {"peak_mib": peaks[name]})
            bar.write(
                f"{name:16s}{batch:7d} points{median * 1e3:11.1f} ms"
                f"{peaks[name]:10.1f} MiB"
            )

    def _expected(self, name: str, batch: int) -> float:
        """Return the memory of a step as the last two batches suggest, in MiB."""
        (b0, p0), (b1, p1) = self.known[name][-2:]
        return p1 + (batch - b1) * (p1 - p0) / (b1 - b0)


def draw(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw seconds and memory against the batch size."""
    models = [m for m in MODELS if any(row["model"] == m for row in rows)]
    batches = sorted({row["batch"] for row in rows})
    colors = model_colors(MODELS, COLORS)
    titles = {"seconds": "time of a step (s)", "peak_mib": "peak memory (MiB)"}
    with style():
        figure = new_figure(height=4.5)
        panels = figure.subplots(1, 2)
        for axes, (key, title) in zip(panels, titles.items(), strict=True):
            for model in models:
                curve = [row for row in rows if row["model"] == model]
                x, y = ([row[k] for row in curve] for k in ("batch", key))
                axes.loglog(x, y, "o-", ms=4, color=colors[model], label=model)
            axes.set_xticks(batches, batches, rotation=45)
            axes.xaxis.set_minor_locator(NullLocator())
            axes.yaxis.set_major_formatter("{x:g}")
            axes.set_xlabel("batch size")
            axes.set_title(title)
            axes.grid(True)
        handles = panels[0].lines
        figure.legend(handles, models, loc="outside upper center", ncols=len(models))
    return figure


def command_line() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--threads", type=int, help="of torch on a CPU")
    parser.add_argument(
        "--points", type=int, default=2048, help="LFlow against its released way (2048)"
    )
    parser.add_argument(
        "--batch", type=int, action="append", help=f"of all models; default: {BATCHES}"
    )
    parser.add_argument("--model", action="append", help=f"default: {[*MODELS]}")
    parser.add_argument(
        "--collocation",
        type=float,
        default=0.25,
        help=f"points of the PINN's residual, in units of the paper's {COLLOCATION}",
    )
    parser.add_argument(
        "--repeats", type=int, default=20, help="most timed steps of each case (20)"
    )
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="no repeat begins later (5)"
    )
    parser.add_argument(
        "--gib", type=float, default=8.0, help="steps that need more are left out (8)"
    )
    parser.add_argument("--plot", type=Path, help="PNG file to draw")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    return parser


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line and check names and numbers."""
    parser = command_line()
    options = parser.parse_args(arguments)
    options.batch = sorted(set(options.batch or BATCHES))
    options.num_collocation = max(1, round(COLLOCATION * options.collocation))
    numbers = [options.points, options.repeats, options.collocation, *options.batch]
    try:
        for name in options.model or []:
            check_name("--model", name, MODELS)
        if min(numbers) <= 0:
            raise ValueError(
                "--points, --batch, --repeats, --collocation: must be positive, got "
                f"{min(numbers)}."
            )
        select_device(options.device)
    except ValueError as error:
        parser.error(str(error))
    options.model = [m for m in MODELS if m in (options.model or MODELS)]
    if options.threads:
        torch.set_num_threads(options.threads)
    return options


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Return seconds of both ways through an LFlow, and how their numbers differ."""
    n = options.points
    steps = {name: training_step(name, 1, n) for name in ("lflow", "released")}
    timed = {name: partial(step, n) for name, step in steps.items()}
    for step in timed.values():
        step()
    found = seconds(timed, options.repeats, options.seconds)
    return {
        "points": n,
        "differences": differences(n),
        "seconds": found,
        "ratio": found["released"] / found["lflow"],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all cases, print the table, write the JSON file and the figure."""
    options = options_of(arguments)
    step = compare(options)
    ways = step["seconds"]
    print(
        f"{step['points']} points: lflow {ways['lflow'] * 1e3:.1f} ms, released "
        f"{ways['released'] * 1e3:.1f} ms, {step['ratio']:.2f} x"
    )
    shown = ", ".join(f"{k} {v:.1e}" for k, v in step["differences"].items())
    print(f"relative differences in float64: {shown}")
    if max(step["differences"].values()) > AGREEMENT:
        raise SystemExit(f"lflow and released differ by more than {AGREEMENT}.")
    with tqdm(total=len(options.batch) * len(options.model), leave=False) as bar:
        curves = Curves(options.model, options)
        for batch in options.batch:
            curves.measure(batch, bar)
    settings = {k: v for k, v in vars(options).items() if k not in ("out", "plot")}
    settings["threads"] = torch.get_num_threads()
    if options.out:
        content = settings | {"step": step, "cases": curves.rows}
        options.out.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    if options.plot:
        save(draw(curves.rows), options.plot)


if __name__ == "__main__":
    main()
