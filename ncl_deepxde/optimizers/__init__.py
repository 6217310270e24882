"""Second-order training that ``dde.Model.compile`` accepts as an optimizer instance."""

from .gauss_newton import GaussNewton

__all__ = ["GaussNewton"]
