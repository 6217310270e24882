r"""The steady flow in a square cavity under a moving lid.

.. math:: u\cdot\nabla u + \nabla p = \nu \Delta u, \qquad \nabla\cdot u = 0,
    \qquad u = (4 x (1 - x), 0) \text{ on } y = 1, \quad 0 \text{ on other walls},
    \qquad (x, y) \in (0, 1)^2, \quad \nu = 0.01 .

The lid's velocity falls to 0 at its ends, so that the velocity has no jumps; the
pressure is still infinite there, and is not compared. Reference: finite elements on
triangles of the square in words (``reference_fem.flow``), steady. Published extrema on
the center lines: :mod:`.measures`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.runs import Experiment, Figure, Preset, Problem

from . import figures, reference
from .measures import EXTREMA, ROWS, measure
from .models import MODELS, build_model
from .presets import PRESETS
from .settings import CavitySettings

__all__ = ["PROBLEM", "Cavity"]


class Cavity(Problem[CavitySettings]):
    """The problem as the command line sees it."""

    name = "cavity"
    summary = "Steady flow in a cavity under a moving lid, Reynolds number 100"
    models = MODELS
    presets = PRESETS
    rows = ROWS

    def build(
        self, model: str, settings: CavitySettings, seed: int
    ) -> Experiment[CavitySettings]:
        """Build a fresh model with its stage of training."""
        return build_model(model, settings, seed)

    def compute_reference(self, preset: Preset, path: Path) -> None:
        """Solve by finite elements."""
        reference.compute(preset.settings(), path)

    def load_reference(self, path: Path) -> Solution:
        """Read the flow by finite elements."""
        return reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Tell the settings of the finite elements."""
        return reference.describe(path)

    def measure(
        self, experiment: Experiment[CavitySettings], reference: Solution
    ) -> dict[str, Any]:
        """Measure the velocity, its divergence and its extrema."""
        return measure(experiment.solution, reference, experiment.settings)

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw speeds, differences and the center lines."""
        folder = directory / "figures"
        folder.mkdir(exist_ok=True)
        models = {k: v for k, v in solutions.items() if k != "reference"}
        figures.draw_speeds(folder / "speed.png", solutions)
        right = solutions["reference"]
        figures.draw_differences(folder / "difference.png", models, right)
        figures.draw_lines(folder / "center_lines.png", solutions, EXTREMA)
        return [
            ("figures/speed.png", "Speed and streamlines."),
            (
                "figures/difference.png",
                "Distance of the velocity to the reference, as a power of ten.",
            ),
            (
                "figures/center_lines.png",
                "Velocity on the center lines; dashed: reference; dotted: published "
                "extrema.",
            ),
        ]


PROBLEM = Cavity()
