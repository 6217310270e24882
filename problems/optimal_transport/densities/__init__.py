"""Densities to transport: by name, of samples, and what is known of pairs."""

from .known import bures, gaussian_cost, quantile_cost, quantile_map
from .mixture import Density, DensityPair, GaussianMixture
from .samples import from_samples, load_samples
from .table import tabulated
from .targets import PAIRS, TARGETS, checked_pair, pair, target

__all__ = [
    "PAIRS",
    "TARGETS",
    "Density",
    "DensityPair",
    "GaussianMixture",
    "bures",
    "checked_pair",
    "from_samples",
    "gaussian_cost",
    "load_samples",
    "pair",
    "quantile_cost",
    "quantile_map",
    "tabulated",
    "target",
]
