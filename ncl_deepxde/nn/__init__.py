"""Network classes for DeepXDE."""

from .base.contract import ContinuityLaw, FlowNet
from .base.plain import as_flow
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
    "ContinuityLaw",
    "CurlNet",
    "DivergenceFree",
    "FlowNet",
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
    "as_flow",
]
