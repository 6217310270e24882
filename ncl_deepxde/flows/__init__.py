"""Bijections of space that depend on time: the layers of Lagrangian flow networks."""

from .actnorm import ActNorm
from .bijection import Bijection
from .dense import InvertibleDenseNet
from .domains import Ball, Box, Domain
from .moments import Moments
from .permutation import Permutation
from .scaling import AxisScaling
from .sequence import FlowMap
from .svd import ConditionalSVD
from .time_network import TimeNetwork

__all__ = [
    "ActNorm",
    "AxisScaling",
    "Ball",
    "Bijection",
    "Box",
    "ConditionalSVD",
    "Domain",
    "FlowMap",
    "InvertibleDenseNet",
    "Moments",
    "Permutation",
    "TimeNetwork",
]
