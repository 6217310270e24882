"""Shocks by exact laws, by plain networks and by finite volumes, in CPU seconds.

    python benchmarks/shocks.py --case sod --network exact [--seed 0] [--steps 18]
        [--stages 0.05 0.02] [--last 2] [--points 1000] [--width 20] [--huber 0]
        [--entropy 0] [--out runs/shocks.jsonl]
    python benchmarks/shocks.py --case sod --network volumes [--cells 1000]
        [--stages 0.001]

Viscosity, a part of the length by the speed of the case, falls from stage to stage.
Each is a training of its own by ``GaussNewton(model)``, whose points are first where
the fit is uncertain; those of Burgers then, at small viscosities, half of them where
the state of the stage before is steep. A line of JSON for each stage:
seconds of CPU since the start, the mean error of the first state, the place of a shock,
the change of the total. Finite volumes with a viscosity tell what it alone costs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import deepxde as dde
import numpy as np
import torch
from measuring import set_float
from shock_cases import CASES, ShockCase
from torch import Tensor

from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.laws import LawFields
from ncl_deepxde.nn import BalanceLaws, InitialState, Scales
from ncl_deepxde.optimizers import GaussNewton

NETWORKS = ("exact", "plain", "volumes")
State = Callable[[Tensor], Tensor]


def exact_network(case: ShockCase, hidden: list[int], ramp: float) -> Any:
    """Return the laws of a case with their start, and the fluxes known at both ends.

    Jumps of the start fade within a part of the time, and the network sees the distance
    from each in units of the time since, in which its waves are at rest.
    """

    def start(k: int) -> InitialState:
        def density(x: Tensor) -> Tensor:
            return case.start(x)[:, k : k + 1]

        if case.summed is None:
            return InitialState(density)
        summed = case.summed
        return InitialState(
            density, ramp=ramp * case.end, potential=lambda x: summed(x)[:, k : k + 1]
        )

    middle = [(case.low + case.high) / 2, 0.0]
    scales = Scales(
        length=case.length,
        time=case.end,
        velocity=case.velocity,
        origin=None if case.period else middle,
    )
    net = BalanceLaws(
        [2, *hidden, case.law.columns],
        "tanh",
        "Glorot normal",
        laws=case.law.laws,
        periods=case.period,
        scales=scales,
        sizes=case.sizes,
        initial=[start(k) for k in range(case.law.laws)],
        **case.fluxes(),
    )
    if not case.period:
        net.apply_feature_transform(partial(seen_from_jumps, case))
    return net


def seen_from_jumps(case: ShockCase, z: Tensor) -> Tensor:
    """Return features (N, 2 + jumps) of inputs (N, 2), all of order one."""
    x, t = z[:, :1], z[:, 1:]
    middle = (case.low + case.high) / 2
    age = case.velocity * (t + case.end / 10)
    waves = [(x - place) / age for place in case.centers]
    return torch.cat([(x - middle) / case.length, t / case.end, *waves], dim=1)


def plain_network(case: ShockCase, hidden: list[int], ramp: float) -> Any:
    """Return a plain network of the states with the same start and features."""
    sizes = torch.tensor(case.sizes)

    def features(z: Tensor) -> Tensor:
        if not case.period:
            return seen_from_jumps(case, z)
        angle = 2 * np.pi * z[:, :1] / case.period
        return torch.cat([torch.cos(angle), torch.sin(angle), z[:, 1:] / case.end], 1)

    num = 3 if case.period else 2 + len(case.centers)
    net = dde.nn.FNN([num, *hidden, case.law.laws], "tanh", "Glorot normal")
    net.apply_feature_transform(features)
    ends = torch.tensor([[case.low], [case.high]])
    mean = case.start(ends).mean(dim=0)

    def states(z: Tensor, y: Tensor) -> Tensor:
        t = z[:, 1:]
        s = t / (ramp * case.end)
        left = (1 + s) * torch.exp(-s) if case.centers else 1.0
        return mean + left * (case.start(z[:, :1]) - mean) + t / case.end * sizes * y

    net.apply_output_transform(states)
    return net


def robust(residual: Tensor, size: float) -> Tensor:
    r"""Return what squares to a smooth form of Huber's norm of a residual.

    .. math:: 2 s^2\,(\sqrt{1 + r^2/s^2} - 1) ,

    the square of small residuals, :math:`2 s |r|` of large ones. Its root is smooth:
    with :math:`w = \sqrt{1 + r^2/s^2}` it is :math:`r\,\sqrt{2/(1 + w)}`.
    """
    w = (1 + (residual / size) ** 2).sqrt()
    return residual * (2 / (1 + w)).sqrt()


def with_options(pde: Any, law: Any, options: argparse.Namespace) -> Any:
    r"""Return residuals in Huber's norm, and entropy that is produced against its sign.

    The entropy is one-sided, :math:`w\,\max(0, \partial_t\eta + \nabla\cdot Q)`.
    """

    def residuals(z: Tensor, y: Tensor) -> list[Tensor]:
        found = pde(z, y)
        if options.huber:
            found = [robust(r, options.huber) for r in found]
        if options.entropy:
            exact = options.network == "exact"
            gained = law.entropy_production(z, y, exact=exact)
            found.append(options.entropy * torch.relu(gained))
        return found

    return residuals


def steep_points(case: ShockCase, state: State) -> Any:
    r"""Return a sampler of points, half of them as dense as a state is steep.

    With evenly spread :math:`(u, t)` in the unit square, x is where

    .. math:: u = \tfrac12\,\frac{x - a}{b - a}
        + \tfrac12\,\frac{\int_a^x |\partial_x q|}{\int_a^b |\partial_x q|} ,

    a sum over the states in their sizes. Between times of a table x is linear in t at
    the same u, so that points move with a layer.
    """
    box = kronecker_box([0.0, 0.0], [1.0, 1.0])
    x = np.linspace(case.low, case.high, 4001)
    levels = np.linspace(0, 1, 1001)
    rows = []
    for t in np.linspace(0, case.end, 65):
        z = torch.as_tensor(np.stack([x, np.full_like(x, t)], axis=1))
        with torch.no_grad():
            q = state(z).numpy() / np.array(case.sizes)
        steep = np.abs(np.diff(q, axis=0)).sum(axis=1).cumsum()
        even = np.linspace(0, 1, len(x))
        passed = even + np.append(0, steep) / steep[-1]
        rows.append(np.interp(levels, passed / 2, x))
    places = torch.as_tensor(np.array(rows))

    def between(n: int, at: Tensor) -> tuple[Tensor, Tensor]:
        cell = (at * n).long().clamp(max=n - 1)
        return cell, at * n - cell

    def sample(n: int, generator: torch.Generator) -> Tensor:
        u, t = box(n, generator).unbind(dim=1)
        (i, a), (j, b) = between(1000, u), between(64, t)
        early, late = (
            (1 - a) * places[k, i] + a * places[k, i + 1] for k in (j, j + 1)
        )
        return torch.stack([(1 - b) * early + b * late, t * case.end], dim=1)

    return sample


def measure(case: ShockCase, state: State) -> dict[str, float]:
    """Return errors at the last time."""
    x = case.points()
    z = torch.as_tensor(np.stack([x, np.full_like(x, case.end)], axis=1))
    with torch.no_grad():
        q = state(z).numpy()
    right = case.exact(x, case.end)
    error = np.abs(q - right).mean(axis=0)
    return {
        "l1": float(error[0]),
        "l1_all": [float(e) for e in error],
        "shock": crossing(case, x, q[:, 0]) - case.shock[0],
        "drift": float((q - right).mean(axis=0)[0]),
        "least": float(q[:, 0].min()),
        "flat": flat_error(case, x, q[:, 0], right[:, 0]),
    }


def flat_error(
    case: ShockCase, x: np.ndarray, q: np.ndarray, right: np.ndarray
) -> float | None:
    """Return by what part the mean over a plateau is off."""
    if case.flat is None:
        return None
    inside = (x > case.flat[0]) & (x < case.flat[1])
    return float(q[inside].mean() / right[inside].mean() - 1)


def crossing(case: ShockCase, x: np.ndarray, q: np.ndarray) -> float:
    """Return where the first state crosses the value in the shock."""
    place, value = case.shock
    if case.period:  # one period around the shock
        x = (x - place + case.period / 2) % case.period + place - case.period / 2
        order = np.argsort(x)
        x, q = x[order], q[order]
    side = np.sign(q - value)
    at = np.nonzero(side[1:] * side[:-1] < 0)[0]
    if not len(at):
        return float("nan")
    found = x[at] + (value - q[at]) * (x[at + 1] - x[at]) / (q[at + 1] - q[at])
    return float(found[np.argmin(np.abs(found - place))])


def volumes(case: ShockCase, cells: int, viscosity: float = 0.0) -> dict[str, float]:
    """Return errors of second-order finite volumes (van Leer, Rusanov, Heun).

    Args:
        case: The case.
        cells: Number of cells.
        viscosity: In parts of the length by the speed of the case.
    """
    nu = viscosity * case.length * case.velocity
    begin = time.process_time()
    x = case.points(cells)
    h = (case.high - case.low) / cells
    q = case.start(torch.as_tensor(x)[:, None])
    t = 0.0

    def flux(q: Tensor) -> Tensor:
        fields = LawFields(q[:, :1], q[:, :1], q, lambda: q[:, :, None])
        return torch.cat(list(case.law.flux(fields)), dim=1)

    def padded(q: Tensor) -> Tensor:
        if case.period:
            return torch.cat([q[-2:], q, q[:2]])
        return torch.cat([q[:1], q[:1], q, q[-1:], q[-1:]])

    def rate(q: Tensor) -> Tensor:
        p = padded(q)
        a, b = p[1:-1] - p[:-2], p[2:] - p[1:-1]
        slope = torch.where(a * b > 0, 2 * a * b / (a + b), 0 * a)
        left, right = (p[1:-1] + slope / 2)[:-1], (p[1:-1] - slope / 2)[1:]
        s = torch.maximum(case.speed(left), case.speed(right))[:, None]
        F = (flux(left) + flux(right)) / 2 - s * (right - left) / 2
        F = F - nu * (p[2:-1] - p[1:-2]) / h
        return -(F[1:] - F[:-1]) / h

    while t < case.end:
        dt = min(0.4 / (float(case.speed(q).max()) / h + 2 * nu / h**2), case.end - t)
        one = q + dt * rate(q)
        q = (q + one + dt * rate(one)) / 2
        t += dt
    right = case.exact(x, case.end)
    error = np.abs(q.numpy() - right).mean(axis=0)
    return {
        "cells": cells,
        "viscosity": viscosity,
        "seconds": time.process_time() - begin,
        "l1": float(error[0]),
        "shock": crossing(case, x, q[:, 0].numpy()) - case.shock[0],
        "drift": float((q.numpy() - right).mean(axis=0)[0]),
        "flat": flat_error(case, x, q[:, 0].numpy(), right[:, 0]),
    }


def train(options: argparse.Namespace, write: Callable[[dict[str, Any]], None]) -> None:
    """Train a network stage by stage."""
    case = CASES[options.case]()
    dde.config.set_random_seed(options.seed)
    hidden = [options.width] * options.depth
    is_exact = options.network == "exact"
    build = exact_network if is_exact else plain_network
    net = build(case, hidden, options.ramp)
    state: State = net.state if is_exact else net
    stages = options.stages or case.viscosities
    used = 0.0
    for number, viscosity in enumerate(stages):
        law = case.law.with_viscosity(viscosity * case.length * case.velocity)
        pde = law.closure if is_exact else law.residual
        pde = with_options(pde, case.law, options)
        points: Any = kronecker_box([case.low, 0.0], [case.high, case.end])
        if number and viscosity <= case.follows:
            points = steep_points(case, state)
        data = Collocation(pde, points, options.points, seed=options.seed + number)
        model = dde.Model(data, net)
        model.compile(GaussNewton(model), verbose=0)
        # The last one ends what the others begin.
        steps = options.steps * (options.last if number == len(stages) - 1 else 1)
        begin = time.process_time()
        model.train(iterations=steps, display_every=10**6, verbose=0)
        used += time.process_time() - begin
        last = model.opt.history[-1]
        line = {"case": options.case, "network": options.network, "seed": options.seed}
        line |= {"viscosity": viscosity, "seconds": round(used, 1), "steps": steps}
        line |= {"loss": last.left, "best": last.best, **measure(case, state)}
        write(line)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=[*CASES], default="burgers")
    parser.add_argument("--network", choices=NETWORKS, default="exact")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--width", type=int, default=20)
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--steps", type=int, default=18, help="of a stage")
    parser.add_argument("--last", type=int, default=2, help="times these in the last")
    parser.add_argument(
        "--ramp", type=float, default=0.05, help="in parts of the last time"
    )
    parser.add_argument("--huber", type=float, default=0.0, help="size where it turns")
    parser.add_argument("--entropy", type=float, default=0.0, help="weight")
    parser.add_argument("--stages", type=float, nargs="+", help="viscosities")
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    set_float("float64")
    torch.set_num_threads(1)

    def write(line: dict[str, Any]) -> None:
        text = json.dumps(line)
        print(text, flush=True)
        if options.out:
            with options.out.open("a") as file:
                file.write(text + "\n")

    if options.network == "volumes":
        for viscosity in options.stages or [0.0]:
            case = CASES[options.case]()
            found = volumes(case, options.cells, viscosity)
            write({"case": options.case, **found})
    else:
        train(options, write)


if __name__ == "__main__":
    sys.exit(main())
