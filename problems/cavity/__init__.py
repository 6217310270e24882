"""The flow in a cavity under a moving lid."""

from .problem import PROBLEM

__all__ = ["PROBLEM"]
