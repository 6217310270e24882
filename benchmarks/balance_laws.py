"""Law by law: an exact and a plain network, with as many CPU seconds for each.

    python benchmarks/balance_laws.py [--case sound] [--seconds 20] [--seed 0]
        [--out FILE]

Smooth problems in one dimension: a wave of sound (Euler), a hump of water between
walls, probability in a double well, a solute that sticks. Both networks have the same
hidden layers, start built in, points and optimizer, ``GaussNewton(model)``; walls are
built into the exact one and are conditions of the plain one. A line of JSON for each:
the error of all states at the end, in parts of their spread; the law, by the largest of
its terms; the change of the totals.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deepxde as dde
import numpy as np
import torch
from measuring import set_float
from scipy.integrate import solve_ivp
from torch import Tensor
from torch.func import jacrev, vmap

from ncl_deepxde import laws, nn
from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.laws import LawFields, LawSystem
from ncl_deepxde.optimizers import GaussNewton

CELLS = 800


@dataclass(frozen=True)
class Case:
    """A problem of a law.

    Attributes:
        law: The law.
        low: Left end.
        high: Right end.
        end: Last time.
        start: States at the first time, (N, 1) -> (N, K).
        right: States (CELLS, K) at the end in the middles of equal cells.
        kept: Laws whose total does not change.
        period: Whether the ends are the same place; else they are walls.
        sizes: Sizes of the states.
        walls: Laws whose flux stops at the ends.
    """

    law: LawSystem
    low: float
    high: float
    end: float
    start: Callable[[Tensor], Tensor]
    right: np.ndarray
    kept: Sequence[int]
    period: bool
    sizes: Sequence[float]
    walls: Sequence[int] = ()

    def cells(self) -> np.ndarray:
        """Return the middles of the cells."""
        return _cells(self.low, self.high)


def _cells(low: float, high: float) -> np.ndarray:
    return low + (high - low) * (np.arange(CELLS) + 0.5) / CELLS


def sound() -> Case:
    """Return a wave to the right: u - 5 c is constant, u is along x - (u + c) t."""
    gamma, end = 1.4, 0.5
    speed = math.sqrt(gamma)

    def states(u: Any) -> tuple[Any, ...]:
        rho = ((speed + (gamma - 1) / 2 * u) / speed) ** (2 / (gamma - 1))
        return rho, rho * u, rho**gamma / (gamma - 1) + rho * u**2 / 2

    x = first = _cells(0, 1)
    for _ in range(50):
        u = 0.1 * np.sin(2 * np.pi * first)
        slope = 0.2 * np.pi * np.cos(2 * np.pi * first)
        gap = first + (speed + (gamma + 1) / 2 * u) * end - x
        first = first - gap / (1 + (gamma + 1) / 2 * slope * end)
    right = np.stack(states(0.1 * np.sin(2 * np.pi * first)), axis=1)

    def start(x: Tensor) -> Tensor:
        return torch.cat(states(0.1 * torch.sin(2 * torch.pi * x)), dim=1)

    sizes = [0.1, 0.1, 0.3]
    return Case(laws.euler(gamma), 0, 1, end, start, right, (0, 1, 2), True, sizes)


def basin() -> Case:
    """Return a hump of water between walls, at which the depth alone is kept."""
    from reference_fem import shallow_water

    def depth(x: Any, exp: Any = torch.exp) -> Any:
        return 1 + 0.1 * exp(-(((x - 0.3) / 0.15) ** 2))

    reference = shallow_water.solve(
        lambda x: depth(x[0], np.exp),
        lambda x: 0 * x,
        xmin=[0],
        xmax=[1],
        n=2000,
        t_end=1.0,
        gravity=1.0,
    )
    found = reference.evaluate(_cells(0, 1)[:, None], 1.0)
    h = found["h"].reshape(-1, 1)
    right = np.hstack([h, h * found["u"].reshape(-1, 1)])

    def start(x: Tensor) -> Tensor:
        return torch.cat([depth(x), 0 * x], dim=1)

    law, sizes = laws.shallow_water(1.0), [0.1, 0.1]
    return Case(law, 0, 1, 1.0, start, right, (0,), False, sizes, walls=(0,))


def double_well() -> Case:
    """Return a probability that begins on the hill between two wells."""
    a, b, s, side, end = 0.3, 0.5, 0.5, 2.2, 3.0
    law = laws.fokker_planck(lambda x, t: a * x - b * x**3, s**2 / 2)

    def start(x: Tensor) -> Tensor:
        return torch.exp(-(x**2) / 0.18) / math.sqrt(0.18 * math.pi)

    def flux(p: np.ndarray, x: np.ndarray, h: float) -> np.ndarray:
        drift = a * x - b * x**3
        return drift * (p[1:] + p[:-1]) / 2 - s**2 / 2 * np.diff(p) / h

    right = _by_volumes(start, -side, side, end, flux)
    return Case(law, -side, side, end, start, right, (0,), False, [0.5], walls=(0,))


def sorption() -> Case:
    """Return a solute c that drifts, spreads and sticks: laws of n = c + a and of a."""
    v, D, k, end = 0.5, 0.05, 2.0, 1.0

    def flux(f: LawFields) -> list[Tensor]:
        c, c_x = f.state(0) - f.state(1), f.grad[:, 0] - f.grad[:, 1]
        return [v * c - D * c_x, 0 * c]

    def source(f: LawFields) -> list[Tensor]:
        return [k * (f.state(0) - 2 * f.state(1))]

    def start(x: Tensor) -> Tensor:
        n = torch.exp(-(((x - 0.3) / 0.15) ** 2))
        return torch.cat([n, 0 * n], dim=1)

    def through(n: np.ndarray, x: np.ndarray, h: float) -> np.ndarray:
        c = n[:, 0] - n[:, 1]
        F = v * (c[1:] + c[:-1]) / 2 - D * np.diff(c) / h
        return np.stack([F, 0 * F], axis=1)

    def gained(n: np.ndarray) -> np.ndarray:
        return np.stack([0 * n[:, 0], k * (n[:, 0] - 2 * n[:, 1])], axis=1)

    right = _by_volumes(start, 0, 1, end, through, gained)
    law = LawSystem(1, ("n", "a"), flux, sources=(1,), source=source)
    return Case(law, 0, 1, end, start, right, (0,), False, [0.5, 0.5], walls=(0, 1))


def _by_volumes(
    start: Callable[[Tensor], Tensor],
    low: float,
    high: float,
    end: float,
    flux: Callable[[np.ndarray, np.ndarray, float], np.ndarray],
    source: Callable[[np.ndarray], np.ndarray] = np.zeros_like,
) -> np.ndarray:
    """Return states (CELLS, K) of a law that spreads, between walls."""
    x, h = _cells(low, high), (high - low) / CELLS
    q = start(torch.as_tensor(x)[:, None]).numpy()

    def rate(t: float, y: np.ndarray) -> np.ndarray:
        y = y.reshape(CELLS, -1)
        crossing = flux(y if y.shape[1] > 1 else y[:, 0], (x[1:] + x[:-1]) / 2, h)
        F = np.zeros((CELLS + 1, y.shape[1]))
        F[1:-1] = crossing.reshape(CELLS - 1, -1)
        return (source(y) - np.diff(F, axis=0) / h).ravel()

    band = 2 * q.shape[1]
    options = {"rtol": 1e-9, "atol": 1e-12, "lband": band, "uband": band}
    last = solve_ivp(rate, (0, end), q.ravel(), "LSODA", **options).y[:, -1]
    return last.reshape(CELLS, -1)


CASES = {
    "sound": sound,
    "basin": basin,
    "double-well": double_well,
    "sorption": sorption,
}


def exact_model(case: Case, points: int, seed: int) -> tuple[Any, Any]:
    """Return a model of a network of exact laws, and the map to its states."""
    wall = nn.Wall.of(dde.geometry.Interval(case.low, case.high))
    net = nn.BalanceLaws(
        [2, 16, 16, 16, case.law.columns],
        "tanh",
        "Glorot normal",
        laws=case.law.laws,
        sources=case.law.sources,
        periods=case.high - case.low if case.period else None,
        sizes=case.sizes,
        initial=[
            nn.InitialState(lambda x, k=k: case.start(x)[:, k : k + 1])
            for k in range(case.law.laws)
        ],
        wall=[wall if k in case.walls else None for k in range(case.law.laws)],
    )
    conditions = []
    if not case.period and len(case.walls) < case.law.laws:
        # Water does not move at a wall: what is no wall of its own law is a condition.
        conditions = [_still(case, lambda y: y[:, 2:3])]
    box = kronecker_box([case.low, 0.0], [case.high, case.end])
    data = Collocation(case.law.closure, box, points, conditions, seed=seed)
    return dde.Model(data, net), net.state


def plain_model(case: Case, points: int, seed: int) -> tuple[Any, Any]:
    """Return a model of a plain network of the states, and the map to them."""
    K, length = case.law.laws, case.high - case.low
    net = dde.nn.FNN([2 + case.period, 16, 16, 16, K], "tanh", "Glorot normal")

    def features(z: Tensor) -> Tensor:
        if not case.period:
            return z
        angle = 2 * np.pi * z[:, :1] / length
        return torch.cat([torch.cos(angle), torch.sin(angle), z[:, 1:]], dim=1)

    sizes = torch.tensor(case.sizes)
    net.apply_feature_transform(features)
    net.apply_output_transform(
        lambda z, y: case.start(z[:, :1]) + z[:, 1:] / case.end * sizes * y
    )
    conditions = []
    if not case.period:
        conditions = [
            _still(case, lambda y, k=k: y[:, k : k + 1], flux_of=k) for k in case.walls
        ]
    box = kronecker_box([case.low, 0.0], [case.high, case.end])
    data = Collocation(case.law.residual, box, points, conditions, seed=seed)
    return dde.Model(data, net), net


def _fields(case: Case, z: Tensor, y: Tensor) -> LawFields:
    K = case.law.laws

    def derivatives() -> Tensor:
        rows = [dde.grad.jacobian(y, z, i=k, j=0)[:, None] for k in range(K)]
        return torch.cat(rows, dim=1)

    return LawFields(z[:, :1], z[:, 1:], y[:, :K], derivatives)


def _still(case: Case, column: Any, flux_of: int | None = None) -> Any:
    """Return the condition that a column, or a flux of states, vanishes at the ends."""
    line = dde.geometry.Interval(case.low, case.high)
    domain = dde.geometry.GeometryXTime(line, dde.geometry.TimeDomain(0, case.end))

    def crossing(z: Tensor, y: Tensor, _: np.ndarray) -> Tensor:
        if flux_of is None:
            return column(y)
        return case.law.flux(_fields(case, z, y))[flux_of]

    return dde.icbc.OperatorBC(domain, crossing, lambda x, on_boundary: on_boundary)


def law_off(case: Case, net: Any, is_exact: bool) -> float:
    """Return the largest residual of any law by the largest of its terms.

    States, fluxes and sources are differentiated point by point by torch.func, not by
    the derivatives that an exact network serves.
    """
    rng = np.random.default_rng(1)
    low, high = [case.low, 0.0], [case.high, case.end]
    z = torch.as_tensor(rng.uniform(low, high, (200, 2)))
    if not is_exact:
        return _plain_law_off(case, net, z.requires_grad_())
    worst = 0.0
    for k in range(case.law.laws):

        def law(point: Tensor, k: int = k) -> Tensor:
            at = point[None]
            return torch.cat([net.state(at)[0, k : k + 1], net.flux(at, k)[0]])

        slopes = vmap(jacrev(law))(z).detach()
        source = net.source(z, k).detach()[:, 0]
        worst = max(worst, _share([slopes[:, 0, 1], slopes[:, 1, 0], -source]))
    return worst


def _plain_law_off(case: Case, net: Any, z: Tensor) -> float:
    fields = _fields(case, z, net(z))
    sources = [torch.zeros(len(z))] * case.law.laws
    if case.law.source is not None:
        for k, s in zip(case.law.sources, case.law.source(fields), strict=True):
            sources[k] = s[:, 0].detach()
    worst = 0.0
    for k, flux in enumerate(case.law.flux(fields)):
        q_t, F_x = _slope(fields.state(k), z)[:, 1], _slope(flux, z)[:, 0]
        worst = max(worst, _share([q_t, F_x, -sources[k]]))
    dde.grad.clear()
    return worst


def _share(terms: Sequence[Tensor]) -> float:
    """Return the largest sum of terms by the largest term."""
    table = torch.stack(list(terms))
    return float(table.sum(dim=0).abs().max() / table.abs().max())


def _slope(f: Tensor, z: Tensor) -> Tensor:
    if not f.requires_grad:
        return torch.zeros_like(z)
    (found,) = torch.autograd.grad(f.sum(), z, retain_graph=True, allow_unused=True)
    return torch.zeros_like(z) if found is None else found


def totals(case: Case, state: Any, t: float) -> np.ndarray:
    """Return the totals (K,) by Gauss's rule."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    x = (case.low + case.high + (case.high - case.low) * nodes) / 2
    with torch.no_grad():
        q = state(torch.as_tensor(np.stack([x, np.full_like(x, t)], axis=1))).numpy()
    return (case.high - case.low) / 2 * (weights[:, None] * q).sum(axis=0)


def measure(case: Case, net: Any, state: Any, is_exact: bool) -> dict[str, float]:
    """Return what is told of a network."""
    x = case.cells()
    z = torch.as_tensor(np.stack([x, np.full_like(x, case.end)], axis=1))
    with torch.no_grad():
        q = state(z).numpy()
    spread = np.linalg.norm(case.right - case.right.mean(axis=0), axis=0)
    error = np.linalg.norm(q - case.right, axis=0) / spread
    change = totals(case, state, case.end) - totals(case, state, 0.0)
    return {
        "error": float(error.max()),
        "law": law_off(case, net, is_exact),
        "total": float(np.abs(change[list(case.kept)]).max()),
        "least": float(q[:, 0].min()),
    }


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=[*CASES], nargs="+", default=[*CASES])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    set_float("float64")
    torch.set_num_threads(1)
    for name in options.case:
        case = CASES[name]()
        for network, build in ("exact", exact_model), ("plain", plain_model):
            dde.config.set_random_seed(options.seed)
            model, state = build(case, options.points, options.seed)
            model.compile(GaussNewton(model), verbose=0)
            begin, steps = time.process_time(), 0
            while time.process_time() - begin < options.seconds:
                model.train(iterations=2, display_every=2, verbose=0)
                steps += 2
            line = {"case": name, "network": network, "seed": options.seed}
            line |= {"seconds": round(time.process_time() - begin, 1), "steps": steps}
            line |= measure(case, model.net, state, network == "exact")
            print(json.dumps(line), flush=True)
            if options.out:
                with options.out.open("a") as file:
                    file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
