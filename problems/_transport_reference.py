"""The reference of optimal transport: exact plans between samples of both ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import ot
import torch

from ncl_deepxde.files import replacing
from ncl_deepxde.metrics import Array
from problems._transport_cost import Cost
from problems._transport_samples import from_samples
from problems._transport_table import tabulated
from problems._transport_targets import pair

__all__ = ["Plan", "compute", "load"]

# Of the kernels that make a density of particles on their way.
BANDWIDTH = 0.1


class Plan:
    """The optimal plan between samples, and its cost for several samples.

    Particles move straight and with constant speed, which is optimal.

    Args:
        case: Name of the pair.
        costs: One for each pair of samples.
        start: Positions of the last sample at the start, (n, d).
        end: Where they go, (n, d).
    """

    def __init__(self, case: str, costs: Array, start: Array, end: Array) -> None:
        self.costs = Cost(tuple(costs.tolist()))
        self.start, self.end = start, end
        self._ends = {float(k): rho for k, rho in enumerate(pair(case))}

    def __call__(self, points: Array, time: float) -> dict[str, Array]:
        """Return the density, (N, 1): exact at both ends, from kernels between them."""
        moved = self.start + time * (self.end - self.start)
        rho = self._ends.get(time) or tabulated(from_samples(moved, BANDWIDTH))
        density = rho.density(torch.as_tensor(points, device="cpu")).numpy()
        return {"rho": density}

    def paths(self, times: Sequence[float]) -> Array:
        """Return where its particles are at some times, (T, n, d)."""
        return np.stack([self.start + t * (self.end - self.start) for t in times])


def compute(settings: Mapping[str, Any], path: Path) -> None:
    """Write the costs of every case, and particles of one plan."""
    own = settings["reference"]
    found: dict[str, Array] = {}
    for name in settings["cases"]:
        costs = []
        for seed in range(own["repeats"]):
            generator = torch.Generator().manual_seed(seed)
            x, y = (r.sample(own["n"], generator).double().numpy() for r in pair(name))
            a = np.full(len(x), 1 / len(x))
            plan = ot.emd(a, a, ot.dist(x, y), numItermax=10**6)
            end = y[plan.argmax(axis=1)]
            costs.append(np.square(end - x).sum(axis=1).mean())
        found |= {f"{name}/costs": np.array(costs)}
        found |= {f"{name}/start": x, f"{name}/end": end}
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **found)  # type: ignore[arg-type]


def load(path: Path) -> dict[str, Plan]:
    """Return the plans by case."""
    with np.load(path, allow_pickle=False) as data:
        cases = dict.fromkeys(key.split("/")[0] for key in data.files)
        return {
            case: Plan(case, *(data[f"{case}/{k}"] for k in ("costs", "start", "end")))
            for case in cases
        }
