"""The semi-Lagrangian network and its parts."""

from .net import SemiLagrangian

__all__ = ["SemiLagrangian"]
