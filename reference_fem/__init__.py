"""Finite-element reference solutions, computed by dolfinx and handed over as files.

Solving needs dolfinx; loading and evaluating a saved solution does not.
"""

from . import ball, boundary, flow, geometry, spectral, starts, torus, transport
from .result import (
    BallResult,
    FlowResult,
    PlaneFlow,
    Result,
    SpaceFlow,
    TorusResult,
    load,
)
from .solution import SavedSolution

__all__ = [
    "BallResult",
    "FlowResult",
    "PlaneFlow",
    "Result",
    "SavedSolution",
    "SpaceFlow",
    "TorusResult",
    "ball",
    "boundary",
    "flow",
    "geometry",
    "load",
    "spectral",
    "starts",
    "torus",
    "transport",
]
