"""What problems with observed densities and velocities share."""

from .model import (
    LossTerm,
    ObservedModel,
    continuity_of_velocity,
    grid_groups,
    mass_of_grid,
)
from .reporting import COLORS, mean_and_range
from .settings import Adam, Count, GridAdam, NonNegative, Positive, Pretraining
from .siren import SirenFlow
from .stages import adam, observations, pretraining

__all__ = [
    "COLORS",
    "Adam",
    "Count",
    "GridAdam",
    "LossTerm",
    "NonNegative",
    "ObservedModel",
    "Positive",
    "Pretraining",
    "SirenFlow",
    "adam",
    "continuity_of_velocity",
    "grid_groups",
    "mass_of_grid",
    "mean_and_range",
    "observations",
    "pretraining",
]
