"""Derivatives carried forward: jets, activations on them, served derivatives."""

from .activations import Activation
from .dense import affine, dense
from .jets import (
    JetSpace,
    compose,
    in_functorch,
    jet_of_callable,
    jet_space,
    product,
)
from .once import differentiable_once
from .remembered import Remembered
from .served import lazily_differentiated, serve

__all__ = [
    "Activation",
    "JetSpace",
    "Remembered",
    "affine",
    "compose",
    "dense",
    "differentiable_once",
    "in_functorch",
    "jet_of_callable",
    "jet_space",
    "lazily_differentiated",
    "product",
    "serve",
]
