"""Errors against a reference, consistency, memory."""

from .consistency import consistency_errors, consistency_smape
from .memory import peak_mib
from .metrics import (
    by_time_key,
    errors_over_time,
    mass_drift,
    mean_squared_error,
    r2,
    relative_l2,
    standardized_l2,
    torus_grid,
)
from .rows import CONSERVATION_ROWS, ERROR_ROWS, TRAINING_ROWS, MetricRow
from .solution import ContinuityError, NetworkSolution, continuity_error

__all__ = [
    "CONSERVATION_ROWS",
    "ERROR_ROWS",
    "TRAINING_ROWS",
    "ContinuityError",
    "MetricRow",
    "NetworkSolution",
    "by_time_key",
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
