"""Functions that vanish on the walls of DeepXDE's geometries, to first order."""

from .join import Product
from .regions import inner_factors

__all__ = ["Product", "inner_factors"]
