"""Figures of flows, errors, losses and optimizers; each function writes one file."""

from .animation import density_animation
from .boxes import Spread, box_plots
from .curves import error_curves, loss_curves
from .images import View
from .optimizer_history import optimizer_history
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
    "optimizer_history",
    "trajectory_panels",
    "velocity_panels",
]
