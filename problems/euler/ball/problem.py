r"""Variable-density incompressible Euler flow in the unit ball.

Equation, for :math:`|x| < 1` in space and :math:`t \in [0, 1/2]`:

.. math::
    \partial_t\rho + \nabla\cdot(\rho u) = 0, \qquad
    \rho(\partial_t u + u\cdot\nabla u) + \nabla p = 0, \qquad
    \nabla\cdot u = 0, \qquad u\cdot n = 0 \quad (|x| = 1).

Initial state: :math:`\rho_0 = 3/2 - |x|^2` and the projection of :math:`(-2, x_1 - 1,
1/2)` onto what the wall admits (``initial_state.py``). The paper starts from the
velocity itself, which crosses the wall; models with a soft start can do so too, with
``"start": "printed"``.

The residuals are those of ``euler-torus``, divided by a power of the density that
counts as a constant weight where ``per_volume`` is set. What a network has by
construction is not asked for again: ``curl`` needs no :math:`\nabla\cdot u = 0`, the
exact networks need no continuity. Reference: finite elements (``reference_fem.ball``).

Preset ``paper`` has the sizes, weights and learning rates of the released code, with
the residuals put right and points that are uniform.

References:
    J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws (NeurIPS
    2022), section 5.2, https://arxiv.org/abs/2210.01741.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import deepxde as dde

from ncl_deepxde.data import (
    Collocation,
    Condition,
    initial_slice,
    uniform_ball,
    uniform_sphere,
)
from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.evaluation.solution import NetworkSolution
from ncl_deepxde.runs import Experiment, Figure, Preset, Problem

from ..equations import Formulation
from ..fem import describe_fem
from ..stages import stage
from . import reference, results
from .measures import ROWS, measure
from .models import MODELS, build_formulation, initial_residuals, is_hard, wall_residual
from .presets import PRESETS
from .settings import BallSettings

__all__ = ["PROBLEM", "EulerBall"]


class EulerBall(Problem[BallSettings]):
    """The problem as the command line sees it."""

    name = "euler-ball"
    summary = "Variable-density incompressible Euler flow in the ball, against FEM"
    has_parallel_reference = True
    models = MODELS
    presets = PRESETS
    rows = ROWS
    colors = results.COLORS

    def build(
        self, model: str, settings: BallSettings, seed: int
    ) -> Experiment[BallSettings]:
        """Build a fresh model with its stages of training."""
        formulation = build_formulation(model, settings)
        conditions = [] if is_hard(model) else _conditions(settings)
        data = _collocation(formulation, settings, conditions, seed)
        weights = [*formulation.weights.values()]
        weights += [settings.initial] * formulation.num_initial
        weights += [settings.wall] if conditions else []
        stages = [stage(name, budget, weights) for name, budget in settings.schedule]
        net = formulation.net
        return Experiment(
            dde.Model(data, net), stages, NetworkSolution(net, "flux"), settings
        )

    def compute_reference(self, preset: Preset, path: Path) -> None:
        """Solve by finite elements."""
        reference.compute(preset.settings(), path)

    def load_reference(self, path: Path) -> Solution:
        """Read the reference from a file."""
        return reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Tell the settings and the conservation of a reference."""
        return describe_fem(path)

    def measure(
        self, experiment: Experiment[BallSettings], reference: Solution
    ) -> dict[str, Any]:
        """Measure errors over time, and how well mass, wall and continuity are kept."""
        return measure(experiment, reference)

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw slices, errors, losses, an animation; write ParaView files."""
        settings = self.presets[metrics["preset"]].settings()
        return results.draw(directory, solutions, metrics, settings.t_end)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Say what the run shows, in numbers."""
        return results.summarize(metrics)


def _conditions(settings: BallSettings) -> list[Condition]:
    """Return the soft initial state and the soft wall."""
    start = initial_slice(uniform_ball(settings.box([0, 0, 0], [1, 1, 1])))
    wall = uniform_sphere(settings.box([0, 0, 0], [1, 1, settings.t_end]))
    state = partial(initial_residuals, settings.start)
    return [
        Condition("initial", start, settings.num_initial, state, has_derivatives=False),
        Condition(
            "wall", wall, settings.num_wall, wall_residual, has_derivatives=False
        ),
    ]


def _collocation(
    formulation: Formulation,
    settings: BallSettings,
    conditions: list[Condition],
    seed: int,
) -> Collocation:
    """Return the points of the ball and what is asked for at them."""
    return Collocation(
        formulation.residuals,
        uniform_ball(settings.box([0, 0, 0, 0], [1, 1, 1, settings.t_end])),
        settings.num_domain,
        conditions,
        names=list(formulation.weights),
        seed=seed,
    )


PROBLEM = EulerBall()
