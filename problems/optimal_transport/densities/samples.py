"""Samples of a user: read from a file, and made a density by kernels."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.files import DAMAGE

from .mixture import GaussianMixture

__all__ = ["LEAST_SAMPLES", "from_samples", "load_samples", "select_bandwidth"]

LEAST_SAMPLES = 10
# In units of the best bandwidth of normal data; clusters and curves want less.
FACTORS: Sequence[float] = [2 ** (k / 2) for k in range(-10, 2)]
JUDGED = 1000


def from_samples(
    points: ArrayLike | Tensor, bandwidth: float | None = None
) -> GaussianMixture:
    """Estimate the density of samples by kernels, a Gaussian at each of them.

    Args:
        points: Samples, (n, d), at least 10 of them.
        bandwidth: Standard deviation of the Gaussians; by default chosen by
            ``select_bandwidth``.

    Raises:
        ValueError: The shape is wrong, samples are too few, not finite or all equal, or
            the bandwidth is not positive.
    """
    given = points.detach().cpu() if isinstance(points, Tensor) else points
    samples = _checked(np.asarray(given, dtype=np.float64))
    width = select_bandwidth(samples) if bandwidth is None else bandwidth
    if not 0 < width < np.inf:
        raise ValueError(
            f"bandwidth: must be positive and finite, got {width}. Leave it out "
            "to have one chosen."
        )
    return GaussianMixture(samples, width)


def select_bandwidth(samples: Array) -> float:
    r"""Choose the bandwidth with which samples best predict each other.

    .. math:: h = \operatorname{arg\,max}_h \sum_i
        \log\frac{1}{n - 1}\sum_{j \ne i} \mathcal N(x_i;\, x_j, h^2 I)

    over fractions of :math:`\sigma\,(4/((d + 2)n))^{1/(d + 4)}`, the best one for a
    normal density of the same spread.

    Args:
        samples: Points, (n, d).
    """
    n, d = samples.shape
    sigma = float(np.sqrt(samples.var(axis=0).mean()))
    normal: float = sigma * (4 / ((d + 2) * n)) ** (1 / (d + 4))
    judged = np.linspace(0, n - 1, min(n, JUDGED)).astype(int)
    x = torch.as_tensor(samples, device="cpu")
    squares = torch.cdist(x[judged], x).square()
    squares[torch.arange(len(judged)), judged] = torch.inf

    def score(h: float) -> float:
        exponents = -squares / (2 * h**2)
        mean = torch.logsumexp(exponents, dim=1).mean()
        return float(mean - d * math.log(h))

    return max((normal * factor for factor in FACTORS), key=score)


def load_samples(path: str | os.PathLike[str]) -> Array:
    """Read points, (n, d), from an npy file, or from a csv file with a point per line.

    The first line of a csv file may hold names. Nothing in a file is ever executed.

    Args:
        path: The file, whose suffix tells the format.

    Raises:
        ValueError: The file cannot be read, or does not hold such points.
    """
    file = Path(path)
    readers = {".npy": _read_npy, ".csv": _read_csv}
    if file.suffix.lower() not in readers:
        raise ValueError(
            f"{file}: must end in .npy or .csv, got {file.suffix!r}. Write the points "
            "in one of these formats."
        )
    try:
        points = readers[file.suffix.lower()](file)
    except DAMAGE as error:
        raise ValueError(
            f"{file}: cannot be read as an array of numbers ({error}). Write one with "
            "numpy.save, or a csv file with one point in a line, columns separated by "
            "commas."
        ) from error
    try:
        return _checked(points)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error


def _read_npy(file: Path) -> Array:
    with file.open("rb") as stream:
        # Not numpy.load, which would also take an archive for an array.
        read: Any = np.lib.format.read_array
        points: Array = read(stream, allow_pickle=False)
    if not np.issubdtype(points.dtype, np.number) or np.iscomplexobj(points):
        raise ValueError(f"holds {points.dtype}, not real numbers")
    return points.astype(np.float64)


def _read_csv(file: Path) -> Array:
    with file.open(encoding="utf-8-sig") as stream:
        lines = stream.read().splitlines()
    with warnings.catch_warnings():
        # The check of the shape tells better that a file is empty.
        warnings.simplefilter("ignore", UserWarning)
        start = int(bool(lines) and not _is_row(lines[0]))
        return np.loadtxt(lines[start:], delimiter=",", ndmin=2)


def _is_row(line: str) -> bool:
    """Tell a point from names of columns, none of which is a number."""
    for entry in line.split(","):
        try:
            float(entry)
        except ValueError:
            continue
        return True
    return False


def _checked(points: Array) -> Array:
    if points.ndim != 2 or points.shape[1] < 1:
        raise ValueError(
            f"samples: must have the shape (n, d), got {points.shape}. Use "
            "reshape(-1, 1) for points on a line."
        )
    if len(points) < LEAST_SAMPLES:
        raise ValueError(
            f"samples: at least {LEAST_SAMPLES} are needed for a density, got "
            f"{len(points)}. Add more rows."
        )
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if bad.size:
        raise ValueError(
            f"samples: must be finite, but row {bad[0]} holds {points[bad[0]]}. "
            f"Leave out such rows, {bad.size} in all."
        )
    if not np.ptp(points, axis=0).max() > 0:
        raise ValueError(
            f"samples: must not all be equal, got {len(points)} times {points[0]}. Use "
            "a GaussianMixture with a width for a single point."
        )
    return points
