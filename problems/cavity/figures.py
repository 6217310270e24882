"""Figures of the cavity."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ncl_deepxde.evaluation.metrics import Solution, torus_grid

__all__ = ["draw_differences", "draw_lines", "draw_speeds"]

SIDE = 96
"""Points per axis of a panel."""


def _columns(count: int) -> tuple[Figure, Any]:
    figure = Figure((4 * count, 3.6), layout="constrained")
    return figure, figure.subplots(1, count, sharey=True, squeeze=False)[0]


def _velocity(flow: Solution) -> Any:
    """Return u and v, (2, SIDE, SIDE), axis -1 is x."""
    u = flow(torus_grid(SIDE), 0.0)["u"]
    return u.reshape(SIDE, SIDE, 2).transpose(2, 1, 0)


def draw_speeds(path: Path, flows: Mapping[str, Solution]) -> None:
    """Draw speed and streamlines of all flows.

    Args:
        path: The image.
        flows: Flows by label.
    """
    figure, axes = _columns(len(flows))
    s = (np.arange(SIDE) + 0.5) / SIDE
    for ax, (label, flow) in zip(axes, flows.items(), strict=True):
        u = _velocity(flow)
        image = ax.pcolormesh(s, s, np.hypot(*u), cmap="viridis", vmin=0, vmax=1)
        ax.streamplot(s, s, *u, color="white", linewidth=0.6, arrowsize=0.6)
        ax.set(aspect="equal", title=label, xlabel="x", xlim=(0, 1), ylim=(0, 1))
    axes[0].set_ylabel("y")
    figure.colorbar(image, ax=list(axes), label="speed")
    figure.savefig(path, dpi=150)


def draw_differences(
    path: Path, flows: Mapping[str, Solution], reference: Solution
) -> None:
    """Draw how far flows are from the reference, on a logarithmic scale.

    Args:
        path: The image.
        flows: Flows by label.
        reference: The flow they are compared with.
    """
    figure, axes = _columns(len(flows))
    s, right = (np.arange(SIDE) + 0.5) / SIDE, _velocity(reference)
    for ax, (label, flow) in zip(axes, flows.items(), strict=True):
        off = np.hypot(*(_velocity(flow) - right))
        size = np.log10(np.maximum(off, 1e-8))
        image = ax.pcolormesh(s, s, size, cmap="magma", vmin=-6, vmax=-1)
        ax.set(aspect="equal", title=label, xlabel="x")
    axes[0].set_ylabel("y")
    figure.colorbar(image, ax=list(axes), label="log10 |u - reference|")
    figure.savefig(path, dpi=150)


def draw_lines(
    path: Path, flows: Mapping[str, Solution], published: Mapping[str, float]
) -> None:
    """Draw the velocity on the center lines with the published extrema.

    Args:
        path: The image.
        flows: Flows by label; that of ``"reference"`` is dashed.
        published: Extrema by name: ``u_min``, ``v_max``, ``v_min``.
    """
    figure = Figure((9, 3.6), layout="constrained")
    axes, s = figure.subplots(1, 2), np.linspace(0, 1, 201)
    lines = [np.stack([0 * s + 0.5, s], axis=1), np.stack([s, 0 * s + 0.5], axis=1)]
    for component, (ax, line) in enumerate(zip(axes, lines, strict=True)):
        for label, flow in flows.items():
            style = "k--" if label == "reference" else "-"
            ax.plot(s, flow(line, 0.0)["u"][:, component], style, label=label)
        for name, value in published.items():
            if name[0] == "uv"[component]:
                ax.axhline(value, color="0.6", linewidth=0.8, linestyle=":")
    axes[0].set(xlabel="y", ylabel="u at x = 1/2")
    axes[1].set(xlabel="x", ylabel="v at y = 1/2")
    axes[0].legend()
    figure.savefig(path, dpi=150)
