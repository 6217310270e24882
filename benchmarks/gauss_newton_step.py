"""Seconds and peak memory of one step of Gauss-Newton on the torus problem.

All networks train on the same points with the same residuals (momentum and
incompressibility; the plain PINN also continuity), 1000 points and no soft condition,
in float32 with the system in float64. Printed are medians over the repeats.

    python benchmarks/gauss_newton_step.py [--device cuda] [--threads 2]
        [--points 1000] [--size 4x48] [--solver auto] [--out gauss_newton_step.json]
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable

import deepxde as dde
import torch
from measuring import seconds
from torch import Tensor

import ncl_deepxde  # noqa: F401  (chooses the backend before deepxde is loaded)
from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.evaluation.memory import peak_mib
from ncl_deepxde.nn import NCL
from ncl_deepxde.operators import Flow, continuity, incompressibility, momentum
from ncl_deepxde.optimizers import GaussNewton

SIZES = {"4x32": (4, 32), "4x48": (4, 48), "4x64": (4, 64), "4x128": (4, 128)}
NETWORKS = ("ncl", "pinn")
HARMONICS = 2


def periodic(inputs: Tensor) -> Tensor:
    """Features (cos, sin, t) of the unit torus for the plain network."""
    k = 2 * math.pi * torch.arange(1, HARMONICS + 1, dtype=inputs.dtype)
    angles = (inputs[:, :2, None] * k).flatten(1)
    return torch.cat([angles.cos(), angles.sin(), inputs[:, 2:]], dim=1)


def network(name: str, size: str) -> torch.nn.Module:
    """Return a fresh network."""
    depth, width = SIZES[size]
    hidden = [width] * depth
    if name == "ncl":
        layers = [3, *hidden, 4]
        return NCL(layers, "tanh", "Glorot normal", periods=1.0, harmonics=HARMONICS)
    net = dde.nn.FNN([4 * HARMONICS + 1, *hidden, 4], "tanh", "Glorot normal")
    net.apply_feature_transform(periodic)
    return net


def residuals(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    """Return momentum and incompressibility, each (N, 1)."""
    flow = Flow.of(inputs, outputs)
    return [*momentum(flow).split(1, dim=1), incompressibility(flow)]


def all_residuals(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    """Return momentum, incompressibility and continuity, each (N, 1)."""
    return [*residuals(inputs, outputs), continuity(Flow.of(inputs, outputs))]


def training_step(
    name: str, size: str, num_points: int, solver: str
) -> Callable[[], None]:
    """Return a function that does one step at fresh points."""
    pde = residuals if name == "ncl" else all_residuals
    data = Collocation(pde, uniform_box([0, 0, 0], [1, 1, 1 / 3]), num_points)
    model = dde.Model(data, network(name, size))
    weights = [1e-2, 1e-2, 1e-1, 1.0][: 3 + (name == "pinn")]
    model.compile(GaussNewton(model, solver=solver), loss_weights=weights, verbose=0)

    def step() -> None:
        inputs, _ = data.train_next_batch()
        model.train_step(inputs, None, None)

    return step


def main() -> None:
    """Time all cases, print the table, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--out", help="JSON file to write")
    parser.add_argument("--size", action="append", choices=SIZES, help="default: all")
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--solver", default="auto", help="of GaussNewton")
    parser.add_argument("--repeats", type=int, default=6)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_default_device(options.device)
    torch.set_num_threads(options.threads)
    rows = []
    for size in options.size or SIZES:
        for name in NETWORKS:
            torch.manual_seed(0)
            case = (name, size, options.points, options.solver)
            step = training_step(*case)
            row = {"network": name, "size": size, "peak_mib": peak_mib(step)}
            row |= seconds({"seconds": step}, options.repeats)
            count = sum(p.numel() for p in network(name, size).parameters())
            rows.append(row | {"parameters": count})
            print(
                f"{name:5s}{size:>6s}{count:8d} parameters"
                f"{row['seconds']:9.3f} s{row['peak_mib']:8.0f} MiB"
            )
    if options.out:
        settings = {k: v for k, v in vars(options).items() if k not in ("out", "size")}
        with open(options.out, "w") as file:
            json.dump(settings | {"cases": rows}, file, indent=2)


if __name__ == "__main__":
    main()
