"""Finite-element reference solutions, computed by dolfinx and handed over as files.

Solving needs dolfinx; loading and evaluating a saved solution does not.
"""

from reference_fem import ball, ball_start, initial_states, spectral, torus
from reference_fem.result import BallResult, Result, TorusResult, load
from reference_fem.solution import Solution

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
