"""What a network obeys whatever its weights: a start, a wall, a predecessor."""

from .continuation import Continuation
from .initial_velocity import InitialVelocity
from .lifting import Lifting
from .potentials import FourierPotential, HomotopyPotential
from .start_and_wall import InitialState, Wall
from .vector_potential import FourierVectorPotential

__all__ = [
    "Continuation",
    "FourierPotential",
    "FourierVectorPotential",
    "HomotopyPotential",
    "InitialState",
    "InitialVelocity",
    "Lifting",
    "Wall",
]
