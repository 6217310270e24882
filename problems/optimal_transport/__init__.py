"""Optimal transport between densities."""

from .densities import GaussianMixture, from_samples, load_samples, pair
from .problem import PROBLEM, OptimalTransport

__all__ = [
    "PROBLEM",
    "GaussianMixture",
    "OptimalTransport",
    "from_samples",
    "load_samples",
    "pair",
]
