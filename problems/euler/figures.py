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
    _draw_panels(folder, flows, appearance)
    errors, colors = metrics["models"], appearance.colors
    plotting.error_curves(
        folder / "errors.png", errors, metric="standardized_l2", colors=colors
    )
    log = directory / "log.jsonl"
    plotting.loss_curves(folder / "losses.png", log, colors=colors)
    plotting.density_animation(
        folder / "density.gif",
        flows,
        appearance.frames,
        scale_from=appearance.reference,
        view=appearance.view,
    )


def _draw_panels(
    folder: Path, flows: Mapping[str, Solution], appearance: Appearance
) -> None:
    """Draw density, velocity and differences, a row per flow."""
    label, times, view = appearance.reference, appearance.times, appearance.view
    common: dict[str, Any] = {"scale_from": label, "view": view}
    plotting.density_panels(
        folder / "density.png", flows, times, title=appearance.density, **common
    )
    plotting.velocity_panels(
        folder / "velocity.png", flows, times, title=appearance.velocity, **common
    )
    plotting.difference_panels(
        folder / "difference.png",
        {name: flow for name, flow in flows.items() if name != label},
        flows[label],
        times,
        title=appearance.difference,
        view=view,
    )
