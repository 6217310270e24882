"""Bijections of space that depend on time: the layers of Lagrangian flow networks."""

from ._bijection import Bijection, Moments
from .actnorm import ActNorm
from .dense import InvertibleDenseNet
from .domains import Ball, Box, Domain
from .permutation import Permutation
from .sequence import Flow
from .svd import ConditionalSVD
from .time_network import TimeNetwork

__all__ = [
    "ActNorm",
    "Ball",
    "Bijection",
    "Box",
    "ConditionalSVD",
    "Domain",
    "Flow",
    "InvertibleDenseNet",
    "Moments",
    "Permutation",
    "TimeNetwork",
]
