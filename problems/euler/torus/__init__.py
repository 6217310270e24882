"""Euler equations on the torus."""

from .problem import PROBLEM

__all__ = ["PROBLEM"]
