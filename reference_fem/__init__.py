"""Finite-element reference solutions, computed by dolfinx and handed over as files.

Solving needs dolfinx; loading and evaluating a saved solution does not.
"""

from . import ball, spectral, starts, torus
from .result import BallResult, Result, TorusResult, load
from .solution import SavedSolution

__all__ = [
    "BallResult",
    "Result",
    "SavedSolution",
    "TorusResult",
    "ball",
    "load",
    "spectral",
    "starts",
    "torus",
]
