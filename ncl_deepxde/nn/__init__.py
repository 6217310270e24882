"""Network classes for DeepXDE."""

from .balance_laws import BalanceLaws
from .base.balance import BalanceNet
from .base.contract import ContinuityLaw, FlowNet, VelocityNet
from .base.plain import as_flow
from .base.scales import Scales
from .constraints.continuation import Continuation
from .constraints.initial_velocity import InitialVelocity
from .constraints.known_flux import KnownFlux
from .constraints.known_source import KnownSource
from .constraints.lifting import Lifting
from .constraints.potentials import FourierPotential, HomotopyPotential
from .constraints.start_and_wall import InitialState, Wall
from .constraints.vector_potential import FourierVectorPotential
from .curl import CurlNet
from .divergence_free import DivergenceFree
from .gradient_field import GradientField
from .hodge_field import HodgeField
from .incompressible import Incompressible
from .lflow import LFlow
from .momentum_ncl import MomentumNCL
from .monotone_balance_law import MonotoneBalanceLaw
from .ncl import NCL
from .semi_lagrangian.net import SemiLagrangian
from .sourced_lflow import SourcedLFlow
from .sourced_ncl import SourcedNCL
from .subharmonic.net import SubharmonicNCL
from .windows import Windows

__all__ = [
    "NCL",
    "BalanceLaws",
    "BalanceNet",
    "Continuation",
    "ContinuityLaw",
    "CurlNet",
    "DivergenceFree",
    "FlowNet",
    "FourierPotential",
    "FourierVectorPotential",
    "GradientField",
    "HodgeField",
    "HomotopyPotential",
    "Incompressible",
    "InitialState",
    "InitialVelocity",
    "KnownFlux",
    "KnownSource",
    "LFlow",
    "Lifting",
    "MomentumNCL",
    "MonotoneBalanceLaw",
    "Scales",
    "SemiLagrangian",
    "SourcedLFlow",
    "SourcedNCL",
    "SubharmonicNCL",
    "VelocityNet",
    "Wall",
    "Windows",
    "as_flow",
]
