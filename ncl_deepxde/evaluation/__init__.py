"""Errors against a reference, consistency, memory."""

from .consistency import consistency_errors, consistency_smape
from .memory import peak_mib
from .metrics import (
    errors_over_time,
    mass_drift,
    mean_squared_error,
    r2,
    relative_l2,
    standardized_l2,
    torus_grid,
)
from .solution import ContinuityError, NetworkSolution, continuity_error

__all__ = [
    "ContinuityError",
    "NetworkSolution",
    "consistency_errors",
    "consistency_smape",
    "continuity_error",
    "errors_over_time",
    "mass_drift",
    "mean_squared_error",
    "peak_mib",
    "r2",
    "relative_l2",
    "standardized_l2",
    "torus_grid",
]
