"""Simulated fluid flow, observed in half of a box."""

from .problem import PROBLEM

__all__ = ["PROBLEM"]
