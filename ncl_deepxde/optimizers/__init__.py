"""Optimizers beside torch's that ``dde.Model.compile`` accepts as instances."""

from .gauss_newton import GaussNewton
from .soap import SOAP

__all__ = ["SOAP", "GaussNewton"]
