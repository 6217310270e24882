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

Preset ``paper`` has the sizes, weights and learning rates of the released code, with
the residuals put right.

References:
    J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws (NeurIPS
    2022), section 5.3, https://arxiv.org/abs/2210.01741.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import deepxde as dde

from ncl_deepxde.data import Collocation, Condition, initial_slice
from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.evaluation.solution import NetworkSolution
from ncl_deepxde.runs import Experiment, Figure, Preset, Problem, Stage

from ..equations import Formulation
from ..stages import stage
from . import reference, results
from .measures import ROWS, agreement, measure
from .models import MODELS, build_formulation, initial_residuals, window_edges
from .presets import PRESETS
from .settings import TorusModel

__all__ = ["PROBLEM", "EulerTorus"]


class EulerTorus(Problem[TorusModel]):
    """The problem as the command line sees it."""

    name = "euler-torus"
    summary = "Variable-density incompressible Euler flow on the torus, against FEM"
    has_parallel_reference = True
    models = MODELS
    presets = PRESETS
    rows = ROWS
    colors = results.COLORS

    def build(
        self, model: str, settings: TorusModel, seed: int
    ) -> Experiment[TorusModel]:
        """Build a fresh model with its stages of training."""
        formulation = build_formulation(model, settings)
        net = formulation.net
        edges = pairwise(window_edges(settings.t_end, net))
        windows = [_collocation(formulation, settings, seed, *edge) for edge in edges]
        solution = NetworkSolution(net, "flux", formulation.pressure)
        stages = _stages(formulation, settings, windows)
        return Experiment(dde.Model(windows[0], net), stages, solution, settings)

    def compute_reference(self, preset: Preset, path: Path) -> None:
        """Solve by finite elements, or spectrally where dolfinx is missing."""
        reference.compute(preset.settings(), path)

    def load_reference(self, path: Path) -> Solution:
        """Read the reference from a file."""
        return reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Tell the settings and the conservation of a reference."""
        return reference.describe(path)

    def measure(
        self, experiment: Experiment[TorusModel], reference: Solution
    ) -> dict[str, Any]:
        """Measure errors over time, the continuity residual and the drift of mass."""
        return measure(experiment, reference)

    def agreement(
        self, solutions: Mapping[str, Solution], reference: Solution
    ) -> dict[str, dict[str, dict[str, float]]]:
        """Measure how far the models are from each other."""
        return agreement(solutions, reference)

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw density, velocity, errors, losses, animation; write ParaView files."""
        settings = self.presets[metrics["preset"]].settings()
        return results.draw(directory, solutions, metrics, settings.t_end)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Say what the run shows, in numbers."""
        return results.summarize(metrics)


def _stages(
    formulation: Formulation, settings: TorusModel, windows: Sequence[Collocation]
) -> list[Stage]:
    """Return the stages of all windows of time, one after the other."""
    stages = []
    for index, data in enumerate(windows):
        weights = [*formulation.weights.values()]
        if data.conditions:
            weights += [settings.initial] * formulation.num_initial
        for name, budget in settings.schedule:
            whole = stage(name, budget, weights)
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
    formulation: Formulation,
    settings: TorusModel,
    seed: int,
    start: float,
    end: float,
) -> Collocation:
    """Return the points of a window of time and what is asked for at them."""
    at_start = Condition(
        "initial",
        initial_slice(settings.box([0, 0], [1, 1])),
        settings.num_initial,
        initial_residuals,
        has_derivatives=False,
    )
    is_soft = formulation.num_initial > 0 and start == 0
    return Collocation(
        formulation.residuals,
        settings.box([0, 0, start], [1, 1, end]),
        settings.num_domain,
        [at_start] if is_soft else [],
        names=list(formulation.weights),
        seed=seed,
    )


PROBLEM = EulerTorus()
