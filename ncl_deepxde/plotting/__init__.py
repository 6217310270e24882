"""Figures of flows, errors and losses; each function writes one file."""

from ncl_deepxde.plotting.animation import density_animation
from ncl_deepxde.plotting.curves import error_curves, loss_curves
from ncl_deepxde.plotting.panels import (
    density_panels,
    difference_panels,
    velocity_panels,
)

__all__ = [
    "density_animation",
    "density_panels",
    "difference_panels",
    "error_curves",
    "loss_curves",
    "velocity_panels",
]
