"""Network classes for DeepXDE."""

from .constraints import InitialState, Wall
from .curl import CurlNet
from .divergence_free import DivergenceFree
from .momentum_ncl import MomentumNCL
from .ncl import NCL

__all__ = ["NCL", "CurlNet", "DivergenceFree", "InitialState", "MomentumNCL", "Wall"]
