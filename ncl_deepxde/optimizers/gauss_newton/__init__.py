"""Gauss-Newton in the space of the residuals."""

from .optimizer import GaussNewton

__all__ = ["GaussNewton"]
