"""Seconds and memory of a divergence-free field against the number of dimensions n.

    python benchmarks/dimension.py [--threads 2] [--batch 64] [--width 128]
        [--n 2 --n 4 ...] [--construction matrix] [--repeats 20] [--clock cpu]
        [--device cuda] [--plot dimension.png] [--out dimension.json]

One evaluation, without gradients, of both constructions at a batch of points, by
contracted tangents (``nn.DivergenceFree``) and as published: the matrix field A is
written out and differentiated by ``jacfwd`` (the released JAX code) or ``jacrev`` (the
released PyTorch code), nested in the vector construction, under ``vmap``. All ways use
the same weights; that they agree is checked first, in float64. Ways take turns, printed
are medians; memory is the peak of the tensors that are made. What is expected to take
more than --gib or --most seconds, by the growth so far, is left out. Exponents are
slopes of straight lines through the logarithms of seconds and of n, for n of at least
16.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from dimension_ways import CONSTRUCTIONS, WAYS, Field, differences, fields
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from measuring import seconds
from torch import Tensor
from tqdm import tqdm

from ncl_deepxde.evaluation.memory import peak_mib
from ncl_deepxde.plotting.style import model_colors, new_figure, save, style
from ncl_deepxde.runs.run import check_name, select_device

DIMENSIONS = [2, 4, 8, 16, 32, 64, 128]
AGREEMENT = 1e-10
FITTED_FROM = 16


class TransportEvaluation:
    """One evaluation of a field without gradients, which counts processor time.

    Args:
        field: Function of points (N, n).
        x: Points, (N, n).
    """

    def __init__(self, field: Field, x: Tensor) -> None:
        self.field, self.x = field, x
        self._times: list[float] = []

    def __call__(self) -> None:
        """Evaluate the field at the points."""
        begin = time.process_time()
        with torch.no_grad():
            self.field(self.x)
        self._times.append(time.process_time() - begin)

    def cpu_seconds(self) -> float:
        """Return the median processor time of all calls but the first."""
        return statistics.median(self._times[1:])


class Curves:
    """Seconds and peak memory against the number of dimensions, for one construction.

    Args:
        construction: ``"matrix"`` or ``"vector"``.
        options: The command line.
    """

    def __init__(self, construction: str, options: argparse.Namespace) -> None:
        self.construction, self.options = construction, options
        self.rows: list[dict[str, Any]] = []

    def measure(self, n: int, bar: tqdm) -> None:
        """Append a row for every way, with no numbers where it would be too much."""
        options, x = self.options, torch.rand(self.options.batch, n)
        steps = {}
        for way, field in fields(n, self.construction, options.width).items():
            row = {"construction": self.construction, "way": way, "n": n}
            excess = self._excess(way, n)
            if excess:
                row["left_out"] = excess
                bar.write(f"{_label(row)}  left out: {excess}")
            else:
                bar.set_description_str(_label(row))
                steps[way] = TransportEvaluation(field, x)
                row["peak_mib"] = peak_mib(steps[way])
            self.rows.append(row)
            bar.update()
        found = seconds(steps, options.repeats, options.seconds)
        if options.clock == "cpu":
            found = {way: step.cpu_seconds() for way, step in steps.items()}
        for row in self.rows[-len(WAYS) :]:
            if row["way"] in found:
                row["seconds"] = found[row["way"]]
                bar.write(
                    f"{_label(row)}{row['seconds'] * 1e3:11.2f} ms"
                    f"{row['peak_mib']:10.1f} MiB"
                )

    def _excess(self, way: str, n: int) -> str:
        """Say what would be too much, or nothing."""
        known = [r for r in self.rows if r["way"] == way and "seconds" in r][-2:]
        if any(r["way"] == way and "left_out" in r for r in self.rows):
            return "as for fewer dimensions"
        if len(known) < 2:
            return ""
        limits = {"peak_mib": 1024 * self.options.gib, "seconds": self.options.most}
        for key, most in limits.items():
            expected = _extrapolate([r["n"] for r in known], [r[key] for r in known], n)
            if expected > most:
                unit = {"peak_mib": "MiB", "seconds": "s"}[key]
                return f"{expected:.0f} {unit} expected"
        return ""


def _label(row: Mapping[str, Any]) -> str:
    return f"{row['construction']:8s}{row['way']:12s}n = {row['n']:<5d}"


def _extrapolate(n: Sequence[int], values: Sequence[float], to: int) -> float:
    """Continue the power law through two values."""
    slope = np.log(values[1] / values[0]) / np.log(n[1] / n[0])
    return float(values[1] * (to / n[1]) ** slope)


def exponents(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the growth of seconds and memory with n, by construction and way."""
    curves: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if "seconds" in row and row["n"] >= FITTED_FROM:
            curves[f"{row['construction']}, {row['way']}"].append(row)
    return {
        name: {
            key: float(np.polyfit(*np.log([[r["n"], r[key]] for r in known]).T, 1)[0])
            for key in ("seconds", "peak_mib")
        }
        for name, known in curves.items()
        if len(known) > 1
    }


def speedups(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return how many times the contraction is faster, by construction, way and n."""
    known = {
        (r["construction"], r["way"], r["n"]): r["seconds"]
        for r in rows
        if "seconds" in r
    }
    return {
        f"{construction}, {way}, n = {n}": value / known[construction, WAYS[0], n]
        for (construction, way, n), value in known.items()
        if way != WAYS[0]
    }


def draw(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw seconds and memory against the number of dimensions."""
    colors = model_colors(WAYS)
    dimensions = sorted({row["n"] for row in rows})
    units = {"seconds": "time (s)", "peak_mib": "peak memory (MiB)"}
    shown = [c for c in CONSTRUCTIONS if any(r["construction"] == c for r in rows)]
    with style():
        figure = new_figure(height=6.5)
        panels = figure.subplots(
            2, len(shown), sharex=True, sharey="row", squeeze=False
        )
        for (key, label), row_of_panels in zip(units.items(), panels, strict=True):
            row_of_panels[0].set_ylabel(label)
            for axes, construction in zip(row_of_panels, shown, strict=True):
                for way in WAYS:
                    known = [
                        (r["n"], r[key])
                        for r in rows
                        if (r["construction"], r["way"]) == (construction, way)
                        and "seconds" in r
                    ]
                    axes.loglog(
                        *np.transpose(known), "o-", ms=4, color=colors[way], label=way
                    )
                axes.set_xticks(dimensions, dimensions)
                axes.xaxis.set_minor_locator(NullLocator())
                axes.yaxis.set_major_formatter("{x:g}")
                axes.grid(True)
        for axes, construction in zip(panels[0], shown, strict=True):
            axes.set_title(f"{construction} construction")
        for axes in panels[1]:
            axes.set_xlabel("dimensions $n$")
        panels[0, 0].legend()
        figure.suptitle("One evaluation of a divergence-free field")
    return figure


def command_line() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--device", default="cpu", choices=["cpu", "cuda"])
    add("--threads", type=int, help="of torch on a CPU")
    add("--batch", type=int, default=64, help="points (64)")
    add("--width", type=int, default=128, help="of both hidden layers (128)")
    add("--n", type=int, action="append", help=f"default: {DIMENSIONS}")
    add("--construction", action="append", help=f"default: {[*CONSTRUCTIONS]}")
    add(
        "--clock",
        default="wall",
        choices=["wall", "cpu"],
        help="cpu: processor time, for a machine where others compute (wall)",
    )
    add("--repeats", type=int, default=20, help="most timed evaluations (20)")
    add("--seconds", type=float, default=5.0, help="no repeat begins later (5)")
    add("--gib", type=float, default=4.0, help="what needs more is left out (4)")
    add("--most", type=float, default=5.0, help="what takes longer is left out (5)")
    add("--plot", type=Path, help="PNG file to draw")
    add("--out", type=Path, help="JSON file to write")
    return parser


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line and check names and numbers."""
    parser = command_line()
    options = parser.parse_args(arguments)
    options.n = sorted(set(options.n or DIMENSIONS))
    numbers = [options.batch, options.width, options.repeats]
    try:
        for name in options.construction or []:
            check_name("--construction", name, CONSTRUCTIONS)
        if min(numbers) <= 0:
            raise ValueError(
                f"--batch, --width, --repeats: must be positive, got {min(numbers)}."
            )
        if options.n[0] < 2:
            raise ValueError(f"--n: must be at least 2, got {options.n[0]}.")
        select_device(options.device)
    except ValueError as error:
        parser.error(str(error))
    wanted = options.construction or CONSTRUCTIONS
    options.construction = [c for c in CONSTRUCTIONS if c in wanted]
    if options.threads:
        torch.set_num_threads(options.threads)
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the numbers, measure all ways, print, write and draw what came out."""
    # jacfwd warns when it is loaded.
    warnings.filterwarnings("ignore", ".torch.jit.script", FutureWarning)
    options = options_of(arguments)
    found = differences()
    shown = ", ".join(f"{k} {v:.0e}" for k, v in found.items())
    print(f"relative differences in float64: {shown}")
    if max(found.values()) > AGREEMENT:
        raise SystemExit(f"The ways differ by more than {AGREEMENT}.")
    rows: list[dict[str, Any]] = []
    total = len(options.construction) * len(options.n) * len(WAYS)
    with tqdm(total=total, leave=False) as bar:
        for construction in options.construction:
            curves = Curves(construction, options)
            for n in options.n:
                curves.measure(n, bar)
            rows += curves.rows
    summary = {"exponents": exponents(rows), "speedups": speedups(rows)}
    for name, growth in summary["exponents"].items():
        print(
            f"{name:22s} time ~ n^{growth['seconds']:.2f}, "
            f"memory ~ n^{growth['peak_mib']:.2f}"
        )
    for name, value in summary["speedups"].items():
        print(f"{name:30s} {value:8.1f} x the contraction's time")
    if options.out:
        settings = {k: v for k, v in vars(options).items() if k not in ("out", "plot")}
        settings["threads"] = torch.get_num_threads()
        content = settings | {"differences": found, **summary, "cases": rows}
        options.out.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    if options.plot:
        save(draw(rows), options.plot)


if __name__ == "__main__":
    main()
