"""Costs of discrete optimal transport against the number of samples, in a file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.files import arrays_in, replacing

from ..densities.mixture import GaussianMixture
from .estimators import ESTIMATORS, exact_and_controlled

__all__ = ["compute", "limit", "load", "load_densities"]

Pair = tuple[GaussianMixture, GaussianMixture]

# One entry for each pair, size and repeat.
ARRAYS = ("costs", "controlled", "seconds")
# What makes a mixture.
PARTS = ("centers", "std", "weights")


def compute(
    pairs: Mapping[str, Pair],
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
        pairs: Source and target by name.
        n: Sizes of the samples.
        repeats: Number of estimates of each size, with samples of their own.
        path: The npz file to write, for :func:`load`.
        method: A key of ``ESTIMATORS``.
        seed: Of the samples.
        progress: Show a progress bar.

    Raises:
        ValueError: No pair, size or repeat, or a method of another name.
    """
    _check(pairs, n, repeats, method)
    plan = {"n": [*n], "repeats": repeats, "method": method, "seed": seed}
    plan["densities"] = {name: _fingerprint(pair) for name, pair in pairs.items()}
    unfinished = path.with_name(f"{path.stem}.unfinished.npz")
    found = _continued(unfinished, repr(plan), (len(pairs), len(n), repeats))
    names = [*pairs]
    todo = np.argwhere(np.isnan(found["costs"])).tolist()
    bar = tqdm(todo, disable=not progress, leave=False)
    for i, j, k in bar:
        bar.set_description(f"discrete transport, {names[i]}, n = {n[j]}")
        generator = _generator(seed, names[i], n[j], k)
        values = _estimate(method, pairs[names[i]], n[j], generator)
        for key, value in zip(ARRAYS, values, strict=True):
            found[key][i, j, k] = value
        _write(unfinished, found)
    dims = [rho.dim for rho, _ in pairs.values()]
    content = {**found, "pairs": names, "n": n, "method": method, "dims": dims}
    _write(path, content | _parts(pairs))
    unfinished.unlink(missing_ok=True)


def _estimate(
    method: str, densities: Pair, n: int, generator: torch.Generator
) -> tuple[float, float, float]:
    """Return an estimate from fresh samples, the same with less noise, and seconds."""
    start = time.perf_counter()
    samples = [rho.sample(n, generator).double().numpy() for rho in densities]
    if method == "exact":
        cost, controlled = exact_and_controlled(samples, densities)
    else:
        cost = controlled = ESTIMATORS[method](*samples)
    return cost, controlled, time.perf_counter() - start


def load(path: Path) -> dict[str, dict[str, Any]]:
    """Return what :func:`compute` found, by pair.

    Each holds lists with an entry for every size ``n``: ``mean`` and ``std`` of the
    estimates, their mean ``seconds``, and ``controlled_mean`` and ``controlled_std``
    with less noise (``exact_and_controlled``; for other methods they are the same).
    Also ``repeats``, ``method``, and the extrapolation ``limit`` of the latter with its
    standard error ``limit_error``, both ``None`` for less than two sizes.

    Raises:
        ValueError: The file is not one that :func:`compute` wrote.
    """
    with arrays_in(path) as data:
        content = {key: data[key] for key in (*ARRAYS, "pairs", "n", "method", "dims")}
        return {
            str(name): _summary(content, i, int(content["dims"][i]))
            for i, name in enumerate(content["pairs"])
        }


def load_densities(path: Path) -> dict[str, Pair]:
    """Return source and target of every pair in a file of :func:`compute`.

    Raises:
        ValueError: The file is not one that :func:`compute` wrote.
    """
    with arrays_in(path) as data:
        return {
            str(name): (_mixture(data, i, 0), _mixture(data, i, 1))
            for i, name in enumerate(data["pairs"])
        }


def _parts(pairs: Mapping[str, Pair]) -> dict[str, Array]:
    """Return the arrays that make the densities, by part, pair and end."""
    return {
        f"{part}_{i}_{k}": getattr(rho, part)
        for i, ends in enumerate(pairs.values())
        for k, rho in enumerate(ends)
        for part in PARTS
    }


def _mixture(data: Mapping[str, Any], i: int, k: int) -> GaussianMixture:
    return GaussianMixture(*(data[f"{part}_{i}_{k}"] for part in PARTS))


def _summary(content: Mapping[str, Any], i: int, dim: int) -> dict[str, Any]:
    n, costs, controlled = (content[k] for k in ("n", "costs", "controlled"))
    best, error = limit(n, controlled[i], dim) if len(n) > 1 else (None, None)
    return {
        "n": n.tolist(),
        "mean": costs[i].mean(axis=1).tolist(),
        "std": _std(costs[i]),
        "controlled_mean": controlled[i].mean(axis=1).tolist(),
        "controlled_std": _std(controlled[i]),
        "seconds": content["seconds"][i].mean(axis=1).tolist(),
        "repeats": costs.shape[2],
        "method": str(content["method"]),
        "limit": best,
        "limit_error": error,
    }


def _std(costs: Array) -> list[float]:
    """Return the standard deviations of the rows, 0 of a single entry."""
    found: list[float] = costs.std(axis=1, ddof=int(costs.shape[1] > 1)).tolist()
    return found


def limit(n: Array, costs: Array, dim: int) -> tuple[float, float]:
    r"""Return the cost for infinitely many samples and its standard error.

    Samples of two different densities lie farther from each other than the densities:
    their noise adds to the cost what samples of one density cost, up to a factor,

    .. math:: C_n = W_2^2 + a\,b_n, \qquad b_n = \begin{cases} 1/n & d = 1 \\
        \log(n)/n & d = 2 \\ n^{-2/d} & d \ge 3. \end{cases}

    The line is fitted by least squares with the weights n: the variance is like 1/n.

    Args:
        n: At least two different sizes of samples, (S,).
        costs: Estimates, (S, R).
        dim: Number of space dimensions d.

    Source: L. Ambrosio, F. Stra, D. Trevisan, A PDE approach to a 2-dimensional
    matching problem (2019), https://arxiv.org/abs/1611.04960.
    """
    sizes = np.asarray(n, dtype=np.float64)
    bias = np.log(sizes) / sizes if dim == 2 else sizes ** -min(1.0, 2 / dim)
    design = np.repeat(np.stack([np.ones_like(bias), bias], axis=1), costs.shape[1], 0)
    root = np.sqrt(np.repeat(sizes, costs.shape[1]) / sizes.mean())
    rows, values = design * root[:, None], costs.ravel() * root
    solution = np.linalg.lstsq(rows, values)[0]
    defects = values - rows @ solution
    variance = np.square(defects).sum() / max(1, len(values) - 2)
    inverse = np.linalg.inv(rows.T @ rows)
    return float(solution[0]), float(np.sqrt(variance * inverse[0, 0]))


def _continued(path: Path, plan: str, shape: tuple[int, ...]) -> dict[str, Array]:
    """Return the estimates of an interrupted call, or arrays without any."""
    with suppress(ValueError), arrays_in(path) as data:
        if str(data["plan"]) == plan:
            return {key: data[key] for key in (*ARRAYS, "plan")}
    empty = {key: np.full(shape, np.nan) for key in ARRAYS}
    return {**empty, "plan": np.array(plan)}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    arrays: dict[str, Any] = {key: np.asarray(value) for key, value in content.items()}
    with replacing(path) as temporary:
        np.savez(temporary, **arrays)


def _fingerprint(pair: Pair) -> str:
    """Return what tells pairs of densities apart."""
    parts = [getattr(rho, part) for rho in pair for part in PARTS]
    content = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    return hashlib.sha256(content).hexdigest()[:16]


def _generator(seed: int, name: str, n: int, repeat: int) -> torch.Generator:
    """Return a generator of the samples of one estimate, whatever the others are."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    words = np.random.SeedSequence((seed, key, n, repeat)).generate_state(1, np.uint64)
    return torch.Generator("cpu").manual_seed(int(words[0]))


def _check(
    pairs: Mapping[str, Pair], n: Sequence[int], repeats: int, method: str
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
