"""Peak memory of a step by network and by optimizer, and what is foretold of it.

    python benchmarks/memory.py [--device cuda] [--points 1000] [--out memory.json]

Networks of four layers of 64 units in float32, ``network_cases.py``; the loss holds all
outputs and all their first derivatives, trained by Adam. Optimizers on the flow on the
torus, three residuals a point. The peak is what operations of torch make, or what CUDA
allocates; what a point needs is the difference of steps with N and 2 N points.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import deepxde as dde
import torch
from gauss_newton_cases import heat, torus
from measuring import set_float
from network_cases import NETWORKS, Case, model_of

from ncl_deepxde.evaluation.memory import peak_mib
from ncl_deepxde.evaluation.step_memory import step_memory
from ncl_deepxde.optimizers import SOAP, GaussNewton

Build = Callable[[int], dde.Model]


def compiled(build: Build, optimizer: Callable[[dde.Model], Any], n: int) -> dde.Model:
    """Return a compiled model with n points."""
    model = build(n)
    model.compile(optimizer(model), verbose=0)
    return model


def adam(model: dde.Model) -> torch.optim.Optimizer:
    """Return Adam."""
    return torch.optim.Adam(model.net.parameters(), 1e-4)


def lbfgs(model: dde.Model) -> torch.optim.Optimizer:
    """Return L-BFGS, whose first step fills its history."""
    return torch.optim.LBFGS(model.net.parameters(), max_iter=6, history_size=5)


def gauss_newton(solver: str, model: dde.Model) -> GaussNewton:
    """Return Gauss-Newton with one way to solve its systems."""
    return GaussNewton(model, solver=solver, growth=False)


def by_network(case: Case) -> Build:
    """Return what builds a model of a network."""
    return partial(compiled, partial(model_of, case), adam)


NCL = partial(torus, "ncl", 48)
OPTIMIZERS: Mapping[str, Build] = {
    "Adam": partial(compiled, NCL, adam),
    "L-BFGS": partial(compiled, NCL, lbfgs),
    "SOAP": partial(compiled, NCL, SOAP),
    "GaussNewton, J J^T": partial(compiled, NCL, partial(gauss_newton, "kernel")),
    "GaussNewton, conjugate gradients": partial(
        compiled, NCL, partial(gauss_newton, "cg")
    ),
    "GaussNewton, few rows, heat 4 x 20": partial(
        compiled, partial(heat, width=20), partial(gauss_newton, "auto")
    ),
    "GaussNewton, J^T J, heat 4 x 20": partial(
        compiled, partial(heat, width=20), partial(gauss_newton, "gram")
    ),
}


def measure(build: Build, points: int) -> dict[str, float]:
    """Return KiB of a point, MiB of a step, and what was foretold of it in MiB."""
    peaks = []
    for number in (points, 2 * points):
        model = build(number)
        foretold = step_memory(model)
        batch = model.data.train_next_batch()
        step = partial(model.train_step, *batch, *[None] * (3 - len(batch)))
        step()
        peaks.append(peak_mib(step))
        assert foretold is not None
        if number == points:
            found = foretold.at(number) / 2**20
    return {
        "kib_per_point": 1024 * (peaks[1] - peaks[0]) / points,
        "mib": peaks[0],
        "foretold_mib": found,
    }


COLUMNS = {
    "one more point": ("KiB", "kib_per_point"),
    "a step": ("MiB", "mib"),
    "foretold": ("MiB", "foretold_mib"),
}


def result(rows: Mapping[str, Mapping[str, float]], points: int) -> dict[str, Any]:
    """Return what was measured as docs/_extensions/results.py has it."""
    return {
        "title": "Memory of a step of training",
        "command": f"python benchmarks/memory.py --points {points}",
        "preset": "",
        "size": "own",
        "sizes": f"networks of four layers of 64 units, {points} points, float32",
        "reference": "",
        "machine": "one CPU, one thread; bytes of tensors depend on no machine",
        "commit": None,
        "source": "this file",
        "seeds": [0],
        "statistic": "each seed",
        "note": "Losses of networks hold all outputs and all first derivatives. "
        "Optimizers on the flow on the torus, 4 x 48, three residuals a point, unless "
        "the name says another.",
        "rows": [
            {
                "name": name,
                "unit": unit,
                "digits": 3,
                "values": {k: [float(f"{r[key]:.3g}")] for k, r in rows.items()},
            }
            for name, (unit, key) in COLUMNS.items()
        ],
    }


def table(content: Mapping[str, Any]) -> str:
    """Return the table of the page on scaling."""
    columns = [row["values"] for row in content["rows"]]
    head = [f"{row['name']}, {row['unit']}" for row in content["rows"]]
    lines = [f"| {' | '.join(['', *head])} |", "|---" * (len(head) + 1) + "|"]
    lines += [
        f"| {name} | {' | '.join(f'{c[name][0]:.3g}' for c in columns)} |"
        for name in columns[0]
    ]
    return "\n".join(lines)


def main() -> None:
    """Print the table, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--only", action="append", help="names; all by default")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    options = parser.parse_args()
    torch.set_default_device(options.device)
    set_float("float32")
    builds = {name: by_network(case) for name, case in NETWORKS.items()} | OPTIMIZERS
    rows = {}
    for name, build in builds.items():
        if options.only and name not in options.only:
            continue
        dde.config.set_random_seed(0)
        rows[name] = measure(build, options.points)
    content = result(rows, options.points)
    print(table(content))
    if options.out:
        options.out.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
