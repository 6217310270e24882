"""Functions that vanish on the walls of DeepXDE's geometries, to first order."""

from .join import Product
from .regions import Choice, Where, inner_factors

__all__ = ["Choice", "Product", "Where", "inner_factors"]
