"""Costs of discrete optimal transport against the number of samples, in a file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.files import arrays_in, write_arrays

from ..densities import DensityPair, GaussianMixture
from .estimators import ESTIMATORS, exact_and_controlled
from .limit import limit

__all__ = ["CostTrend", "compute", "load", "load_densities"]

# One entry for each pair, size and repeat.
ESTIMATES = ("costs", "controlled", "seconds")


@dataclass(frozen=True)
class CostTrend:
    """Costs between samples of two densities, for several sizes of samples.

    Attributes:
        n: Sizes of the samples, S of them.
        costs: Estimates of the cost, (S, R).
        controlled: The same with less noise (``exact_and_controlled``), (S, R);
            methods other than ``"exact"`` have no such estimate and repeat ``costs``.
        seconds: Time of each estimate, (S, R).
        method: Name of the estimator.
        limit: Cost for infinitely many samples; ``None`` for a single size.
        limit_error: Standard error of the limit; ``None`` for a single size.
    """

    n: Sequence[int]
    costs: Array
    controlled: Array
    seconds: Array
    method: str
    limit: float | None
    limit_error: float | None

    @property
    def repeats(self) -> int:
        """Number of estimates of each size, R."""
        return int(self.costs.shape[1])


def compute(
    pairs: Mapping[str, DensityPair],
    n: Sequence[int],
    repeats: int,
    path: Path,
    *,
    method: str = "exact",
    seed: int = 0,
    progress: bool = True,
) -> None:
    """Estimate the cost of every pair with samples of every size, several times.

    Estimates are kept beside the file until all are there: a second call goes on where
    the first one was interrupted.

    Args:
        pairs: Densities at the start and at the end, by name.
        n: Sizes of the samples.
        repeats: Number of estimates of each size, each with fresh samples.
        path: The npz file to write, for :func:`load`.
        method: A key of ``ESTIMATORS``.
        seed: Seed of the samples.
        progress: Whether to show a progress bar.

    Raises:
        ValueError: There is no pair, size or repeat, or no method of this name.
    """
    _check(pairs, n, repeats, method)
    plan = {"n": [*n], "repeats": repeats, "method": method, "seed": seed}
    plan["densities"] = {name: _fingerprint(pair) for name, pair in pairs.items()}
    unfinished = path.with_name(f"{path.stem}.unfinished.npz")
    found = _continued(unfinished, repr(plan), (len(pairs), len(n), repeats))
    names = [*pairs]
    for i, j, k in _missing(found["costs"], names, n, progress):
        generator = _generator(seed, names[i], n[j], k)
        values = _estimate(method, pairs[names[i]], n[j], generator)
        for key, value in zip(ESTIMATES, values, strict=True):
            found[key][i, j, k] = value
        _write(unfinished, found)
    _write(path, {**found, **_described(pairs), "n": n, "method": method})
    unfinished.unlink(missing_ok=True)


def _missing(
    costs: Array, names: Sequence[str], n: Sequence[int], progress: bool
) -> Iterator[tuple[int, int, int]]:
    """Yield the places of estimates that are not there yet, with a progress bar."""
    places = np.argwhere(np.isnan(costs)).tolist()
    bar = tqdm(places, disable=not progress, leave=False)
    for i, j, k in bar:
        bar.set_description(f"discrete transport, {names[i]}, n = {n[j]}")
        yield i, j, k


def _estimate(
    method: str, densities: DensityPair, n: int, generator: torch.Generator
) -> tuple[float, float, float]:
    """Return an estimate from fresh samples, the same with less noise, and seconds."""
    start = time.perf_counter()
    samples = [rho.sample(n, generator).double().numpy() for rho in densities]
    if method == "exact":
        cost, controlled = exact_and_controlled(samples, densities)
    else:
        cost = controlled = ESTIMATORS[method](*samples)
    return cost, controlled, time.perf_counter() - start


def load(path: Path) -> dict[str, CostTrend]:
    """Read what :func:`compute` found, by pair.

    Raises:
        ValueError: The file is not one that :func:`compute` wrote.
    """
    with arrays_in(path) as data:
        names = [str(name) for name in data["pairs"]]
        return {name: _trend(data, i) for i, name in enumerate(names)}


def _trend(data: Mapping[str, Any], i: int) -> CostTrend:
    n, costs, controlled, seconds = (data[key] for key in ("n", *ESTIMATES))
    best, error = None, None
    if len(n) > 1:
        best, error = limit(n, controlled[i], int(data["dims"][i]))
    return CostTrend(
        n=n.tolist(),
        costs=costs[i],
        controlled=controlled[i],
        seconds=seconds[i],
        method=str(data["method"]),
        limit=best,
        limit_error=error,
    )


def load_densities(path: Path) -> dict[str, DensityPair]:
    """Read the densities at the start and at the end of every pair.

    Raises:
        ValueError: The file is not one that :func:`compute` wrote.
    """
    with arrays_in(path) as data:
        return {
            str(name): (_mixture(data, i, 0), _mixture(data, i, 1))
            for i, name in enumerate(data["pairs"])
        }


def _arrays(rho: GaussianMixture) -> dict[str, Array]:
    """Return the numbers that make a mixture, by name."""
    return {"centers": rho.centers, "std": rho.std, "weights": rho.weights}


def _described(pairs: Mapping[str, DensityPair]) -> dict[str, Any]:
    """Return names, dimensions and mixtures, with the pair and the end in the key."""
    mixtures = {
        f"{name}_{i}_{k}": values
        for i, ends in enumerate(pairs.values())
        for k, rho in enumerate(ends)
        for name, values in _arrays(rho).items()
    }
    dims = [rho.dim for rho, _ in pairs.values()]
    return {"pairs": [*pairs], "dims": dims, **mixtures}


def _mixture(data: Mapping[str, Any], i: int, k: int) -> GaussianMixture:
    return GaussianMixture(
        data[f"centers_{i}_{k}"], data[f"std_{i}_{k}"], data[f"weights_{i}_{k}"]
    )


def _continued(path: Path, plan: str, shape: tuple[int, ...]) -> dict[str, Array]:
    """Read the estimates of an interrupted call, or make arrays without any."""
    with suppress(ValueError), arrays_in(path) as data:
        if str(data["plan"]) == plan:
            return {key: data[key] for key in (*ESTIMATES, "plan")}
    empty = {key: np.full(shape, np.nan) for key in ESTIMATES}
    return {**empty, "plan": np.array(plan)}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_arrays(path, {key: np.asarray(value) for key, value in content.items()})


def _fingerprint(pair: DensityPair) -> str:
    """Return a text that tells pairs of densities apart."""
    parts = [values for rho in pair for values in _arrays(rho).values()]
    content = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    return hashlib.sha256(content).hexdigest()[:16]


def _generator(seed: int, name: str, n: int, repeat: int) -> torch.Generator:
    """Return a generator for one estimate, independent of which others there are."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    words = np.random.SeedSequence((seed, key, n, repeat)).generate_state(1, np.uint64)
    return torch.Generator("cpu").manual_seed(int(words[0]))


def _check(
    pairs: Mapping[str, DensityPair], n: Sequence[int], repeats: int, method: str
) -> None:
    if not pairs or not n or min(n) < 2 or repeats < 1:
        raise ValueError(
            "reference: needs a pair of densities, sizes n of at least 2 and a "
            f"positive number of repeats, got {[*pairs]}, n={[*n]}, repeats={repeats}."
        )
    if method not in ESTIMATORS:
        raise ValueError(
            f"method: must be one of {', '.join(ESTIMATORS)}, got {method!r}."
        )
