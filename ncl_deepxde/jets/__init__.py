"""Derivatives carried forward: jets, activations on them, served derivatives."""

from .activations import Activation
from .dense import dense
from .jets import JetSpace, compose, jet_of_callable, jet_space, product
from .remembered import Remembered
from .served import serve

__all__ = [
    "Activation",
    "JetSpace",
    "Remembered",
    "compose",
    "dense",
    "jet_of_callable",
    "jet_space",
    "product",
    "serve",
]
