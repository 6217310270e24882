"""Network classes for DeepXDE."""

from .constraints import InitialState, Wall
from .continuation import Continuation
from .curl import CurlNet
from .divergence_free import DivergenceFree
from .gradient_field import GradientField
from .hodge_field import HodgeField
from .initial_potentials import FourierPotential, HomotopyPotential
from .lflow import LFlow
from .momentum_ncl import MomentumNCL
from .ncl import NCL
from .semi_lagrangian import SemiLagrangian
from .subharmonic_ncl import SubharmonicNCL
from .windows import Windows

__all__ = [
    "NCL",
    "Continuation",
    "CurlNet",
    "DivergenceFree",
    "FourierPotential",
    "GradientField",
    "HodgeField",
    "HomotopyPotential",
    "InitialState",
    "LFlow",
    "MomentumNCL",
    "SemiLagrangian",
    "SubharmonicNCL",
    "Wall",
    "Windows",
]
