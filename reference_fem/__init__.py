"""Finite-element reference solutions, computed by dolfinx and handed over as files.

Solving needs dolfinx; loading and evaluating a saved solution does not.
"""

from . import ball, ball_start, initial_states, spectral, torus
from .result import BallResult, Result, TorusResult, load
from .solution import Solution

__all__ = [
    "BallResult",
    "Result",
    "Solution",
    "TorusResult",
    "ball",
    "ball_start",
    "initial_states",
    "load",
    "spectral",
    "torus",
]
