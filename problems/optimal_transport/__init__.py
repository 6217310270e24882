"""Optimal transport between densities."""

from .problem import PROBLEM

__all__ = ["PROBLEM"]
