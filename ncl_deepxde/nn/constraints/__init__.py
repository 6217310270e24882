"""What a network obeys whatever its weights: a start, a wall, a predecessor."""

from .continuation import Continuation
from .potentials import FourierPotential, HomotopyPotential
from .start_and_wall import InitialState, Wall

__all__ = [
    "Continuation",
    "FourierPotential",
    "HomotopyPotential",
    "InitialState",
    "Wall",
]
