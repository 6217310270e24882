"""Functions that vanish on the walls of DeepXDE's geometries, to first order."""

from .components import Component, wall_components
from .join import Product
from .regions import Choice, Where, inner_factors

__all__ = [
    "Choice",
    "Component",
    "Product",
    "Where",
    "inner_factors",
    "wall_components",
]
