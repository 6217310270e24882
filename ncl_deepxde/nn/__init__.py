"""Network classes for DeepXDE."""

from .curl import CurlNet
from .divergence_free import DivergenceFree
from .momentum_ncl import MomentumNCL
from .ncl import NCL

__all__ = ["NCL", "CurlNet", "DivergenceFree", "MomentumNCL"]
