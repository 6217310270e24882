r"""Variable-density incompressible Euler flow in the unit ball.

Equation, for :math:`|x| < 1` in space and :math:`t \in [0, 1/2]`:

.. math::
    \partial_t\rho + \nabla\cdot(\rho u) = 0, \qquad
    \rho(\partial_t u + u\cdot\nabla u) + \nabla p = 0, \qquad
    \nabla\cdot u = 0, \qquad u\cdot n = 0 \quad (|x| = 1).

Initial state: :math:`\rho_0 = 3/2 - |x|^2` and the projection of :math:`(-2, x_1 - 1,
1/2)` onto what the wall admits (``initial_state.py``). The paper starts from the
velocity itself, which crosses the wall; models whose start is soft can, with
``"start": "printed"``.

The residuals are those of ``euler-torus``, divided by a power of the density that
counts as a constant weight where ``per_volume`` is set. What a network has by
construction is not asked for again: ``curl`` needs no :math:`\nabla\cdot u = 0`, the
exact networks need no continuity. Reference: finite elements (``reference_fem.ball``).

Source: J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws (NeurIPS
2022), section 5.2, https://arxiv.org/abs/2210.01741. Preset ``paper`` has the sizes,
weights and learning rates of the released code, with the residuals put right and points
that are uniform.
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
    kronecker_box,
    uniform_ball,
    uniform_box,
    uniform_sphere,
)
from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.evaluation.solution import NetworkSolution
from ncl_deepxde.runs import Experiment, Figure, Problem

from ..equations import Model
from ..fem import describe_fem
from ..stages import stage
from . import reference as _ball_reference
from . import results as _ball_results
from .models import MODELS, build_model, initial_residuals, is_hard, wall_residual
from .presets import PRESETS, T_END

__all__ = ["PROBLEM", "EulerBall"]

BOXES = {"uniform": uniform_box, "kronecker": kronecker_box}


class EulerBall(Problem):
    """The problem as the command line sees it."""

    name = "euler-ball"
    summary = "Variable-density incompressible Euler flow in the ball, against FEM"
    models = MODELS
    presets = PRESETS

    def build(self, model: str, settings: Mapping[str, Any], seed: int) -> Experiment:
        """Return a fresh model with its stages of training.

        Args:
            model: A key of ``models``.
            settings: Of a preset.
            seed: Of the points.
        """
        own = {**settings, **settings.get(model, {})}
        parts = build_model(model, own)
        conditions = [] if is_hard(model) else _conditions(own)
        data = _collocation(parts, own, conditions, seed)
        weights = [own[setting] for _, setting in parts.terms]
        weights += [own["initial"]] * parts.num_initial
        weights += [own["wall"]] if conditions else []
        stages = [stage(name, own[name], weights) for name in own["stages"]]
        solution = NetworkSolution(parts.net, "flux")
        return Experiment(dde.Model(data, parts.net), stages, solution)

    def compute_reference(self, settings: Mapping[str, Any], path: Path) -> None:
        """Solve by finite elements."""
        _ball_reference.compute(settings, path)

    def load_reference(self, path: Path) -> Solution:
        """Return the reference in a file."""
        return _ball_reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Return the settings and the conservation of a reference."""
        return describe_fem(path)

    def measure(self, experiment: Experiment, reference: Solution) -> dict[str, Any]:
        """Return errors over time, and how well mass, wall and continuity are kept."""
        net = experiment.model.net
        return _ball_results.measure(experiment.solution, net, reference, T_END)

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw slices, errors, losses, an animation; write ParaView files."""
        return _ball_results.draw(directory, solutions, metrics, T_END)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Return what the run shows, in numbers."""
        return _ball_results.summarize(metrics)


def _conditions(own: Mapping[str, Any]) -> list[Condition]:
    """Return the soft initial state and the soft wall."""
    box = BOXES[own["points"]]
    start = initial_slice(uniform_ball(box([0, 0, 0], [1, 1, 1])))
    wall = uniform_sphere(box([0, 0, 0], [1, 1, own["t_end"]]))
    state = partial(initial_residuals, own["start"])
    return [
        Condition("initial", start, own["num_initial"], state, has_derivatives=False),
        Condition("wall", wall, own["num_wall"], wall_residual, has_derivatives=False),
    ]


def _collocation(
    parts: Model, own: Mapping[str, Any], conditions: list[Condition], seed: int
) -> Collocation:
    box = BOXES[own["points"]]
    return Collocation(
        parts.residuals,
        uniform_ball(box([0, 0, 0, 0], [1, 1, 1, own["t_end"]])),
        own["num_domain"],
        conditions,
        names=[name for name, _ in parts.terms],
        seed=seed,
    )


PROBLEM = EulerBall()
