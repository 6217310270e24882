"""DeepXDE data classes: the points a network is trained on."""

from .collocation import Collocation
from .geometries import boundary, initial, interior
from .icbc import as_condition
from .observations import Observations
from .sampled_objective import SampledObjective
from .samplers import (
    Sampler,
    initial_slice,
    kronecker_box,
    sobol_box,
    uniform_ball,
    uniform_box,
    uniform_sphere,
)
from .table import Observed, Source, Table
from .terms import Condition, Penalty

__all__ = [
    "Collocation",
    "Condition",
    "Observations",
    "Observed",
    "Penalty",
    "SampledObjective",
    "Sampler",
    "Source",
    "Table",
    "as_condition",
    "boundary",
    "initial",
    "initial_slice",
    "interior",
    "kronecker_box",
    "sobol_box",
    "uniform_ball",
    "uniform_box",
    "uniform_sphere",
]
