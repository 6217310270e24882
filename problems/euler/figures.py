"""Figures of flows with a density and a velocity, on any domain that has a plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncl_deepxde import plotting
from ncl_deepxde.evaluation.metrics import Solution

__all__ = ["Appearance", "draw_flows"]


@dataclass(frozen=True)
class Appearance:
    """How flows are shown.

    Attributes:
        reference: Label of the reference, whose range sets the color scales.
        times: Times of the panels.
        frames: Times of the animation.
        colors: Colors of models in curves.
        density: Heading of the densities.
        velocity: Heading of the velocities.
        difference: Heading of the densities minus that of the reference.
        view: The square that panels show.
    """

    reference: str
    times: Sequence[float]
    frames: Sequence[float]
    colors: Mapping[str, str]
    density: str
    velocity: str
    difference: str
    view: plotting.View


def draw_flows(
    directory: Path,
    flows: Mapping[str, Solution],
    metrics: Mapping[str, Any],
    appearance: Appearance,
) -> None:
    """Draw density, velocity, differences, errors, losses and an animation.

    Args:
        directory: Directory of the run; the images stand in ``figures/`` below it.
        flows: Flows in the plane by label, points (N, 2).
        metrics: Content of ``metrics.json``.
        appearance: How they are shown.
    """
    folder = directory / "figures"
    folder.mkdir(exist_ok=True)
    common: dict[str, Any] = {
        "scale_from": appearance.reference,
        "view": appearance.view,
    }
    plotting.density_panels(
        folder / "density.png",
        flows,
        appearance.times,
        title=appearance.density,
        **common,
    )
    plotting.velocity_panels(
        folder / "velocity.png",
        flows,
        appearance.times,
        title=appearance.velocity,
        **common,
    )
    plotting.difference_panels(
        folder / "difference.png",
        {label: flow for label, flow in flows.items() if label != appearance.reference},
        flows[appearance.reference],
        appearance.times,
        title=appearance.difference,
        view=appearance.view,
    )
    plotting.error_curves(
        folder / "errors.png",
        metrics["models"],
        metric="standardized_l2",
        colors=appearance.colors,
    )
    log = directory / "log.jsonl"
    plotting.loss_curves(folder / "losses.png", log, colors=appearance.colors)
    plotting.density_animation(
        folder / "density.gif", flows, appearance.frames, **common
    )
