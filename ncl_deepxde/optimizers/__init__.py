"""Optimizers beside torch's that ``dde.Model.compile`` accepts as instances."""

from .gauss_newton.optimizer import GaussNewton
from .soap import SOAP

__all__ = ["SOAP", "GaussNewton"]
