"""Finite-element reference solutions, computed by dolfinx and handed over as files.

Solving needs dolfinx; loading and evaluating a saved solution does not.
"""

from . import (
    ball,
    boundary,
    flow,
    geometry,
    poisson,
    shallow_water,
    spectral,
    starts,
    torus,
    transport,
)
from .head_result import HeadResult, load_head
from .result import (
    BallResult,
    FlowResult,
    PlaneFlow,
    Result,
    SpaceFlow,
    TorusResult,
    load,
)
from .shallow_result import ShallowWaterResult, load_shallow_water
from .solution import SavedSolution

__all__ = [
    "BallResult",
    "FlowResult",
    "HeadResult",
    "PlaneFlow",
    "Result",
    "SavedSolution",
    "ShallowWaterResult",
    "SpaceFlow",
    "TorusResult",
    "ball",
    "boundary",
    "flow",
    "geometry",
    "load",
    "load_head",
    "load_shallow_water",
    "poisson",
    "shallow_water",
    "spectral",
    "starts",
    "torus",
    "transport",
]
