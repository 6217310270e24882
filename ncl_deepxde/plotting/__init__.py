"""Figures of flows, errors and losses; each function writes one file."""

from .animation import density_animation
from .boxes import Spread, box_plots
from .curves import error_curves, loss_curves
from .images import View
from .panels import density_panels, difference_panels, velocity_panels
from .trajectories import trajectory_panels

__all__ = [
    "Spread",
    "View",
    "box_plots",
    "density_animation",
    "density_panels",
    "difference_panels",
    "error_curves",
    "loss_curves",
    "trajectory_panels",
    "velocity_panels",
]
