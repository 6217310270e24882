"""Optimizers beside torch's that ``dde.Model.compile`` accepts as instances."""

from .clipped_adam import ClippedAdam
from .gauss_newton import GaussNewton
from .soap import SOAP

__all__ = ["SOAP", "ClippedAdam", "GaussNewton"]
