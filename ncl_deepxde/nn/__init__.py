"""Network classes for DeepXDE."""

from .constraints.continuation import Continuation
from .constraints.potentials import FourierPotential, HomotopyPotential
from .constraints.start_and_wall import InitialState, Wall
from .curl import CurlNet
from .divergence_free import DivergenceFree
from .gradient_field import GradientField
from .hodge_field import HodgeField
from .lflow import LFlow
from .momentum_ncl import MomentumNCL
from .ncl import NCL
from .semi_lagrangian.net import SemiLagrangian
from .subharmonic.net import SubharmonicNCL
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
