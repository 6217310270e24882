"""Finite-element reference solutions, computed by dolfinx and handed over as files.

Solving needs dolfinx; loading and evaluating a saved solution needs numpy only.
"""

from reference_fem import initial_states, spectral, torus
from reference_fem.result import TorusResult, load
from reference_fem.solution import Solution

__all__ = ["Solution", "TorusResult", "initial_states", "load", "spectral", "torus"]
