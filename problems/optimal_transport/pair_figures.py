"""Figures of one pair of densities, in the plane or on a line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ncl_deepxde import plotting
from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.runs import Figure

from . import figures
from .colors import DISCRETE
from .objective import half_side
from .reference import TransportReference
from .solutions import TrainedFlow, TrainedMap

__all__ = ["DrawnPair", "draw_pair"]

TIMES = (0.0, 0.25, 0.5, 0.75, 1.0)
PARTICLES = 1000


@dataclass(frozen=True)
class DrawnPair:
    """What is drawn of one pair of densities.

    Attributes:
        folder: Folder of the figures.
        name: Name of the pair.
        models: Models trained with the first seed, by name.
        reference: What is known of the pair.
        frames: Number of frames of the animation.
    """

    folder: Path
    name: str
    models: Mapping[str, TrainedFlow | TrainedMap]
    reference: TransportReference
    frames: int

    @property
    def flows(self) -> dict[str, TrainedFlow]:
        """The models with density and velocity."""
        return {m: s for m, s in self.models.items() if isinstance(s, TrainedFlow)}

    def particles(self) -> dict[str, Array]:
        """Return where particles are at the times shown, (T, N, 2), by model."""
        generator = torch.Generator(torch.get_default_device()).manual_seed(0)
        x = self.reference.pair[0].sample(PARTICLES, generator)
        moving = {m: s.paths(x, TIMES).cpu().numpy() for m, s in self.models.items()}
        return {DISCRETE: self.reference.paths(TIMES)[:, :PARTICLES], **moving}


def draw_pair(case: DrawnPair) -> list[Figure]:
    """Draw a pair; returns file names and captions."""
    if case.reference.pair[0].dim == 1:
        return [_line_densities(case), _line_maps(case)]
    side = math.ceil(2 * half_side(*case.reference.pair)) / 2
    view = plotting.View(-side, side)
    found = [*_plane_densities(case, view), _plane_particles(case, view)]
    return [*found, _plane_velocities(case, view)] if case.flows else found


def _plane_densities(case: DrawnPair, view: plotting.View) -> list[Figure]:
    file = case.folder / f"density_{case.name}.png"
    densities: dict[str, Any] = {DISCRETE: case.reference, **case.flows}
    options: Any = {"scale_from": DISCRETE, "view": view}
    title = f"Density, {case.name}"
    plotting.density_panels(file, densities, TIMES, title=title, **options)
    movie = file.with_suffix(".gif")
    times = [float(t) for t in np.linspace(0, 1, case.frames)]
    plotting.density_animation(movie, densities, times, n=80, **options)
    return [
        (
            f"figures/{file.name}",
            f"Density ({case.name}); that of discrete OT is exact at both ends and "
            "made of kernels around the particles of a plan between them.",
        ),
        (f"figures/{movie.name}", f"Density over time ({case.name})."),
    ]


def _plane_particles(case: DrawnPair, view: plotting.View) -> Figure:
    file = case.folder / f"particles_{case.name}.png"
    title = f"Particles, {case.name}"
    figures.draw_particles(file, case.particles(), TIMES, view, title)
    text = f"Particles, colored by their angle at the start ({case.name})."
    return f"figures/{file.name}", text


def _plane_velocities(case: DrawnPair, view: plotting.View) -> Figure:
    file = case.folder / f"velocity_{case.name}.png"
    figures.draw_vectors(file, case.flows, TIMES, view, f"Velocity, {case.name}")
    text = f"Velocity where there is mass, over the density ({case.name})."
    return f"figures/{file.name}", text


def _line_densities(case: DrawnPair) -> Figure:
    file = case.folder / f"density_{case.name}.png"
    side = half_side(*case.reference.pair)
    shown: dict[str, Any] = {figures.EXACT: case.reference, **case.flows}
    figures.draw_lines(file, shown, TIMES, (-side, side), f"Density, {case.name}")
    return f"figures/{file.name}", f"Density ({case.name})."


def _line_maps(case: DrawnPair) -> Figure:
    file = case.folder / f"map_{case.name}.png"
    # Nearly all mass starts within this distance from the origin.
    reach = half_side(case.reference.pair[0])
    x = np.linspace(-reach, reach, 400)
    points = torch.as_tensor(x[:, None], dtype=torch.get_default_dtype())
    points = points.to(torch.get_default_device())
    ends = {m: s.transport(points)[:, 0].cpu() for m, s in case.models.items()}
    shown = {figures.EXACT: case.reference.map(x)}
    shown |= {m: end.numpy() for m, end in ends.items()}
    figures.draw_maps(file, x, shown, f"Map, {case.name}")
    text = f"Where points go ({case.name}); exact by quantiles."
    return f"figures/{file.name}", text
