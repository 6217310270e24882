"""Euler equations in the ball."""

from .problem import PROBLEM

__all__ = ["PROBLEM"]
