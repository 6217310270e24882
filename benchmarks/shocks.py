"""Shocks by exact laws, by plain networks and by finite volumes, in CPU seconds.

    python benchmarks/shocks.py --case burgers --network exact --seconds 60 [--seed 0]
        [--points 1500] [--width 16] [--huber 0] [--entropy 0] [--centered]
        [--out runs/shocks.jsonl]

Viscosity falls from stage to stage, a part of the length by the speed of the case, to
nothing in the last one; each stage is a training of its own by ``GaussNewton(model)``,
whose points are as dense as the state is steep after the stage before. A line of JSON
for each stage: the error in L1 by the size of the first state, the place of a shock,
the change of the total, the entropy produced against its sign.
"""

from __future__ import annotations

import argparse
import copy
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


def exact_network(
    case: ShockCase, hidden: list[int], ramp: float | None, *, centered: bool = False
) -> Any:
    """Return the laws of a case with their start and walls.

    Where waves are ``centered``, the start fades, and the network sees the distance
    from each jump in units of the time since, in which its waves are at rest.
    """

    def start(k: int) -> InitialState:
        def density(x: Tensor) -> Tensor:
            return case.start(x)[:, k : k + 1]

        if not centered or case.summed is None:
            return InitialState(density, ramp=ramp)
        summed = case.summed
        return InitialState(
            density,
            ramp=ramp or case.end / 20,
            potential=lambda x: summed(x)[:, k : k + 1],
        )

    starts = [start(k) for k in range(case.law.laws)]
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
        initial=starts,
        wall=case.wall(),
    )
    if centered:
        net.apply_feature_transform(partial(_centered, case))
    return net


def _centered(case: ShockCase, z: Tensor) -> Tensor:
    """Return features (N, 2 + jumps) of inputs (N, 2), all of order one."""
    x, t = z[:, :1], z[:, 1:]
    middle = (case.low + case.high) / 2
    age = case.velocity * (t + case.end / 10)
    waves = [(x - place) / age for place in case.centers]
    return torch.cat([(x - middle) / case.length, t / case.end, *waves], dim=1)


def plain_network(case: ShockCase, hidden: list[int]) -> Any:
    """Return a plain network of the states with the same start."""
    pi, sizes = np.pi, torch.tensor(case.sizes)

    def features(z: Tensor) -> Tensor:
        x, t = z[:, :1], z[:, 1:] / case.end
        if case.period:
            angle = 2 * pi * x / case.period
            return torch.cat([torch.cos(angle), torch.sin(angle), t], dim=1)
        middle = (case.low + case.high) / 2
        return torch.cat([(x - middle) / case.length, t], dim=1)

    num = 3 if case.period else 2
    net = dde.nn.FNN([num, *hidden, case.law.laws], "tanh", "Glorot normal")
    net.apply_feature_transform(features)
    net.apply_output_transform(
        lambda z, y: case.start(z[:, :1]) + z[:, 1:] / case.end * sizes * y
    )
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


def steep_sampler(case: ShockCase, state: State | None) -> Any:
    """Return a sampler of points, up to half of them as dense as a state is steep."""
    box = kronecker_box([case.low, 0.0], [case.high, case.end])
    if state is None:
        return box

    def sample(n: int, generator: torch.Generator) -> Tensor:
        candidates = box(12 * n, generator)
        x = candidates.clone().requires_grad_()
        with torch.enable_grad():
            q = (state(x) / torch.tensor(case.sizes)).sum(dim=1)
            (slope,) = torch.autograd.grad(q.sum(), x)
        steep = slope[:, 0].abs() * case.length
        odds = 1 / len(steep) + steep / steep.sum().clamp(min=1e-30)
        keep = torch.multinomial(odds, n, generator=generator)
        return candidates[keep]

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
        "l1": float(error[0] / case.sizes[0]),
        "l1_all": [float(e) for e in error],
        "shock": crossing(case, x, q[:, 0]) - case.shock[0],
        "drift": float((q - right).mean(axis=0)[0]),
        "least": float(q[:, 0].min()),
    }


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


def volumes(case: ShockCase, cells: int) -> dict[str, float]:
    """Return errors of second-order finite volumes (van Leer, Rusanov, Heun)."""
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
        return -(F[1:] - F[:-1]) / h

    while t < case.end:
        dt = min(0.4 * h / float(case.speed(q).max()), case.end - t)
        one = q + dt * rate(q)
        q = (q + one + dt * rate(one)) / 2
        t += dt
    right = case.exact(x, case.end)
    error = np.abs(q.numpy() - right).mean(axis=0)
    return {
        "cells": cells,
        "seconds": time.process_time() - begin,
        "l1": float(error[0] / case.sizes[0]),
        "shock": crossing(case, x, q[:, 0].numpy()) - case.shock[0],
        "drift": float((q.numpy() - right).mean(axis=0)[0]),
    }


def train(options: argparse.Namespace, write: Callable[[dict[str, Any]], None]) -> None:
    """Train a network stage by stage."""
    case = CASES[options.case]()
    dde.config.set_random_seed(options.seed)
    hidden = [options.width] * options.depth
    is_exact = options.network == "exact"
    if is_exact:
        ramp = options.ramp and options.ramp * case.end
        net = exact_network(case, hidden, ramp, centered=options.centered)
    else:
        net = plain_network(case, hidden)
    state: State = net.state if is_exact else net
    stages = options.stages or case.viscosities
    used, steep = 0.0, None
    for number, viscosity in enumerate(stages):
        nu = viscosity * case.length * case.velocity
        law = case.law.with_viscosity(nu) if nu else case.law
        pde = law.closure if is_exact else law.residual
        pde = with_options(pde, case.law, options)
        sampler = steep_sampler(case, steep)
        data = Collocation(pde, sampler, options.points, seed=options.seed + number)
        model = dde.Model(data, net)
        model.compile(GaussNewton(model), verbose=0)
        share = options.seconds / len(stages)
        is_last = number == len(stages) - 1
        limit = options.seconds if is_last else (number + 1) * share
        steps = 0
        while not steps or (used < limit and not settled(model, is_last)):
            begin = time.process_time()
            model.train(iterations=5, display_every=10**6, verbose=0)
            used += time.process_time() - begin
            steps += 5
        frozen = copy.deepcopy(net)
        steep = frozen.state if is_exact else frozen
        last = model.opt.history[-1]
        line = {"case": options.case, "network": options.network, "seed": options.seed}
        line |= {"viscosity": viscosity, "seconds": used, "steps": steps}
        line |= {"loss": last.left, "best": last.best, **measure(case, state)}
        write(line)


def settled(model: Any, is_last: bool) -> bool:
    """Tell whether a stage has come to rest: its loss fell by less than a tenth."""
    history = model.opt.history
    if is_last or len(history) < 15:
        return False
    return history[-1].best > 0.9 * history[-11].best


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=[*CASES], default="burgers")
    parser.add_argument("--network", choices=NETWORKS, default="exact")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--points", type=int, default=1500)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--centered", action="store_true", help="waves of jumps")
    parser.add_argument("--ramp", type=float, help="in parts of the last time")
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
        write({"case": options.case, **volumes(CASES[options.case](), options.cells)})
    else:
        train(options, write)


if __name__ == "__main__":
    sys.exit(main())
