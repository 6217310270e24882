"""Bird migration between weather radars."""

from .problem import PROBLEM

__all__ = ["PROBLEM"]
