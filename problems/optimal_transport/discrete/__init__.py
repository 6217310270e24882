"""Discrete optimal transport: costs between samples, and their trend."""

from .estimators import ESTIMATORS, exact
from .trend import CostTrend, compute, load, load_densities

__all__ = ["ESTIMATORS", "CostTrend", "compute", "exact", "load", "load_densities"]
