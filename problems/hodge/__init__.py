"""Hodge decomposition in many dimensions."""

from .problem import PROBLEM

__all__ = ["PROBLEM"]
