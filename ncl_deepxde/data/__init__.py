"""DeepXDE data classes: the points a network is trained on."""

from .collocation import Collocation, Condition
from .samplers import Sampler, initial_slice, kronecker_box, uniform_box

__all__ = [
    "Collocation",
    "Condition",
    "Sampler",
    "initial_slice",
    "kronecker_box",
    "uniform_box",
]
