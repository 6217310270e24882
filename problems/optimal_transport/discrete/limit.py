"""What costs of discrete transport tend to for infinitely many samples."""

from __future__ import annotations

import numpy as np

from ncl_deepxde.evaluation.metrics import Array

__all__ = ["limit"]


def limit(n: Array, costs: Array, dim: int) -> tuple[float, float]:
    r"""Extrapolate the cost to infinitely many samples, with its standard error.

    Samples of two different densities lie farther from each other than the densities:
    their noise adds to the cost what samples of one density cost, up to a factor,

    .. math:: C_n = W_2^2 + a\,b_n, \qquad b_n = \begin{cases} 1/n & d = 1 \\
        \log(n)/n & d = 2 \\ n^{-2/d} & d \ge 3. \end{cases}

    The line is fitted by least squares with the weights n, since the variance is about
    proportional to 1/n.

    Args:
        n: Sizes of the samples, (S,), at least two different ones.
        costs: Estimates, (S, R).
        dim: Number of space dimensions d.

    References:
        L. Ambrosio, F. Stra, D. Trevisan, A PDE approach to a 2-dimensional matching
        problem (2019), https://arxiv.org/abs/1611.04960.
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
