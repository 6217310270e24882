r"""Variable-density incompressible Euler flow on the torus.

Equation, on :math:`[0, 1)^2` with periodic sides, :math:`t \in [0, 1/3]`:

.. math::
    \partial_t\rho + \nabla\cdot(\rho u) = 0, \qquad
    \rho(\partial_t u + u\cdot\nabla u) + \nabla p = 0, \qquad
    \nabla\cdot u = 0 .

Initial state: :math:`\rho_0 = 1 + (\sin 2\pi x + \sin 2\pi y)^2`,
:math:`u_0 = (e^{\sin 2\pi y}, e^{\sin 2\pi x}/2)`. The paper prints cosines in place of
the sines: the same flow, shifted by a quarter period in x and y.

The residuals carry no division by the density (``ncl_deepxde.operators``); all models
share them, and only the plain network needs the one of continuity. Reference: finite
elements (``reference_fem.torus``).

Source: J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws (NeurIPS
2022), section 5.3, https://arxiv.org/abs/2210.01741. Preset ``paper`` has the sizes,
weights and learning rates of the released code, with the residuals put right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import deepxde as dde

from ncl_deepxde.data import (
    Collocation,
    Condition,
    initial_slice,
    kronecker_box,
    uniform_box,
)
from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.evaluation.solution import NetworkSolution
from ncl_deepxde.runs import Experiment, Figure, Problem, Stage

from ..equations import Model
from ..stages import stage
from . import reference as _torus_reference
from . import results as _torus_results
from .models import MODELS, build_model, initial_residuals, window_edges
from .presets import PRESETS, T_END

__all__ = ["PROBLEM", "EulerTorus", "initial_residuals"]

BOXES = {"uniform": uniform_box, "kronecker": kronecker_box}


class EulerTorus(Problem):
    """The problem as the command line sees it."""

    name = "euler-torus"
    summary = "Variable-density incompressible Euler flow on the torus, against FEM"
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
        edges = pairwise(window_edges(own, parts.net))
        windows = [_collocation(parts, own, seed, *edge) for edge in edges]
        solution = NetworkSolution(parts.net, "flux", parts.pressure)
        trained = dde.Model(windows[0], parts.net)
        return Experiment(trained, _stages(parts, own, windows), solution)

    def compute_reference(self, settings: Mapping[str, Any], path: Path) -> None:
        """Solve by finite elements, or spectrally where dolfinx is missing."""
        _torus_reference.compute(settings, path)

    def load_reference(self, path: Path) -> Solution:
        """Return the reference in a file."""
        return _torus_reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Return the settings and the conservation of a reference."""
        return _torus_reference.describe(path)

    def measure(self, experiment: Experiment, reference: Solution) -> dict[str, Any]:
        """Return errors over time, the continuity residual and the drift of mass."""
        net = experiment.model.net
        return _torus_results.measure(experiment.solution, net, reference, T_END)

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw density, velocity, errors, losses, animation; write ParaView files."""
        return _torus_results.draw(directory, solutions, metrics, T_END)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Return what the run shows, in numbers."""
        return _torus_results.summarize(metrics)


def _stages(
    parts: Model, own: Mapping[str, Any], windows: Sequence[Collocation]
) -> list[Stage]:
    """Return the stages of all windows of time, one after the other."""
    stages = []
    for index, data in enumerate(windows):
        weights = [own[setting] for _, setting in parts.terms]
        weights += [own["initial"]] * (parts.num_initial if data.conditions else 0)
        for name in own["stages"]:
            whole = stage(name, own[name], weights)
            stages.append(_in_window(whole, data, index, len(windows)))
    return stages


def _in_window(whole: Stage, data: Collocation, index: int, number: int) -> Stage:
    """Return a stage for one of several windows, with its share of the budget."""
    if number == 1:
        return whole

    def enter(model: dde.Model) -> None:
        model.data = data
        model.net.activate(index)
        whole.compile(model)

    return Stage(
        f"{whole.name}, window {index + 1} of {number}",
        enter,
        None if whole.steps is None else math.ceil(whole.steps / number),
        None if whole.seconds is None else whole.seconds / number,
    )


def _collocation(
    parts: Model, own: Mapping[str, Any], seed: int, start: float, end: float
) -> Collocation:
    box = BOXES[own["points"]]
    at_start = Condition(
        "initial",
        initial_slice(box([0, 0], [1, 1])),
        own["num_initial"],
        initial_residuals,
        has_derivatives=False,
    )
    asked = parts.num_initial and start == 0
    return Collocation(
        parts.residuals,
        box([0, 0, start], [1, 1, end]),
        own["num_domain"],
        [at_start] if asked else [],
        names=[name for name, _ in parts.terms],
        seed=seed,
    )


PROBLEM = EulerTorus()
