"""DeepXDE data classes: the points a network is trained on."""

from .collocation import Collocation, Condition
from .samplers import Sampler, initial_slice, uniform_box

__all__ = ["Collocation", "Condition", "Sampler", "initial_slice", "uniform_box"]
