"""Figures of flows, errors and losses; each function writes one file."""

from ncl_deepxde.plotting.animation import density_animation
from ncl_deepxde.plotting.boxes import Spread, box_plots
from ncl_deepxde.plotting.curves import error_curves, loss_curves
from ncl_deepxde.plotting.panels import (
    View,
    density_panels,
    difference_panels,
    velocity_panels,
)
from ncl_deepxde.plotting.trajectories import trajectory_panels

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
